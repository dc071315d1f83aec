/** A thread of the WASM kernels: works until the engine's worker closes the pool. */
import { kernelImports } from './imports.ts';
import type { Exports, PoolStart } from './kernels.ts';

self.addEventListener('message', (event: MessageEvent<PoolStart>) => {
  const { module, memory, control, slot } = event.data;
  void WebAssembly.instantiate(module, kernelImports(memory)).then(
    ({ exports }) => {
      self.postMessage('ready');
      (exports as unknown as Exports).serve(control, slot);
      self.close();
    },
    // Uncaught, so that the owner hears of it.
    (error: unknown) => reportError(error),
  );
});
