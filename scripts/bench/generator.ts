import { join } from 'node:path';
import type { BackendName } from '../../core/model-config.ts';
import { ROOT } from '../lib/root.ts';
import type { OpenEngine, Place } from '../lib/open-engine.ts';
import { buildWorker } from './build-worker.ts';

/** An engine whose only lab is the benchmark's generation. */
export async function openGenerator(place: Place, backend: BackendName): Promise<OpenEngine> {
  switch (place) {
    case 'node': {
      const { openNodeEngine } = await import('../node-engine/index.ts');
      const { generateLab } = await import('../../e2e/bench/generate-lab.ts');
      return openNodeEngine({ backend, labs: async (id) => (id === generateLab.lab.id ? generateLab : null) });
    }
    case 'chromium': {
      const { openChromiumEngine } = await import('../chromium-engine/index.ts');
      const folder = join(ROOT, '.cache', 'bench-worker');
      await buildWorker('e2e/bench/bench.worker.ts', folder, WORKER);
      return openChromiumEngine({ backend, site: { folder, worker: WORKER } });
    }
  }
}

const WORKER = 'bench.worker.js';
