import type { BackendName } from '../../core/model-config.ts';
import type { Engine } from '../../workers/client/engine.ts';

export interface OpenEngine {
  readonly engine: Engine;
  close(): Promise<void>;
}

export type Place = 'node' | 'chromium';

/** The same engine in this process, or in the built site's worker in headless Chromium. */
export async function openEngine(place: Place, backend: BackendName): Promise<OpenEngine> {
  switch (place) {
    case 'node':
      return (await import('../node-engine/index.ts')).openNodeEngine({ backend });
    case 'chromium':
      return (await import('../chromium-engine/index.ts')).openChromiumEngine({ backend });
  }
}
