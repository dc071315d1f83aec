import type { HubAccess } from '../../core/files/hub.ts';
import type { BackendName } from '../../core/model-config.ts';
import type { Engine } from '../../workers/client/engine.ts';

export interface OpenEngine {
  readonly engine: Engine;
  /** Where this engine finds what is kept of the Hub; absent: it reads that itself. */
  readonly hubHost?: string;
  close(): Promise<void>;
}

export type Place = 'node' | 'chromium';

/** Models of the Hub that are kept on this machine. */
export interface KeptHub {
  readonly caches: CacheStorage;
  access(): HubAccess;
}

/** The same engine in this process, or in the built site's worker in headless Chromium. */
export async function openEngine(place: Place, backend: BackendName, hub?: KeptHub): Promise<OpenEngine> {
  switch (place) {
    case 'node':
      return (await import('../node-engine/index.ts')).openNodeEngine({ backend, ...(hub ? { caches: hub.caches } : {}) });
    case 'chromium':
      return (await import('../chromium-engine/index.ts')).openChromiumEngine({ backend, ...(hub ? { hub } : {}) });
  }
}
