import { join } from 'node:path';
import { ROOT } from '../lib/root.ts';

/** Builds a worker of `e2e/bench` as the page's engine is built. @param name of the file that comes out, in `outDir` */
export async function buildWorker(input: string, outDir: string, name: string): Promise<void> {
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
      copyPublicDir: false,
      reportCompressedSize: false,
      rolldownOptions: { input: join(ROOT, input), output: { entryFileNames: name } },
    },
  });
}
