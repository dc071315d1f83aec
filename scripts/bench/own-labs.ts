import { join } from 'node:path';
import type { BackendName } from '../../core/model-config.ts';
import { ROOT } from '../lib/root.ts';
import type { OpenEngine, Place } from '../lib/open-engine.ts';
import { buildWorker } from './build-worker.ts';

/**
 * The page's engine with the labs of benchmarks and checks (`e2e/bench/labs.ts`) instead of the page's.
 * @param bundles the folder below which `models/` is; default `public/`
 */
export async function openOwnLabs(
  place: Place,
  backend: BackendName,
  bundles: string = join(ROOT, 'public'),
): Promise<OpenEngine> {
  switch (place) {
    case 'node': {
      const { openNodeEngine } = await import('../node-engine/index.ts');
      const { ownLabs } = await import('../../e2e/bench/labs.ts');
      return openNodeEngine({ backend, folder: bundles, labs: ownLabs });
    }
    case 'chromium': {
      const { openChromiumEngine } = await import('../chromium-engine/index.ts');
      const folder = join(ROOT, '.cache', 'bench-worker');
      await buildWorker('e2e/bench/bench.worker.ts', folder, WORKER);
      return openChromiumEngine({ backend, own: { folder, worker: WORKER, bundles } });
    }
  }
}

const WORKER = 'bench.worker.js';
