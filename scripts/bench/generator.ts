import { join } from 'node:path';
import type { BackendName } from '../../core/model-config.ts';
import { ROOT } from '../lib/root.ts';
import type { OpenEngine, Place } from '../lib/open-engine.ts';

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
      await buildWorker(folder);
      return openChromiumEngine({ backend, site: { folder, worker: WORKER } });
    }
  }
}

const WORKER = 'bench.worker.js';

async function buildWorker(outDir: string): Promise<void> {
  const [{ build }, { tfjsWasmThreads }, { wasmKernels }] = await Promise.all([
    import('vite'),
    import('../lib/vite-plugins.ts'),
    import('../lib/wasm-kernels.ts'),
  ]);
  await build({
    configFile: false,
    root: ROOT,
    base: './',
    logLevel: 'error',
    plugins: [wasmKernels(), tfjsWasmThreads()],
    worker: { format: 'es' },
    build: {
      target: 'es2022',
      outDir,
      assetsInlineLimit: 0,
      modulePreload: false,
      reportCompressedSize: false,
      rolldownOptions: { input: join(ROOT, 'e2e/bench/bench.worker.ts'), output: { entryFileNames: WORKER } },
    },
  });
}
