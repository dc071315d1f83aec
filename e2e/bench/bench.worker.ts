/** The engine's worker with the labs of benchmarks and checks; built for those only. */
import { browserKernels } from '../../workers/kernels/wasm/browser.ts';
import { createHost } from '../../workers/runtime/host.ts';
import { HttpSource } from '../../workers/weights/http-source.ts';
import { ownLabs } from './labs.ts';
import { wasmPaths } from './wasm-paths.ts';

const host = createHost((event) => self.postMessage(event), {
  labs: ownLabs,
  openSource: (base) => new HttpSource(base),
  wasmPaths,
  kernels: browserKernels,
  ...(self.crossOriginIsolated ? { threads: navigator.hardwareConcurrency } : {}),
});
self.addEventListener('message', (event: MessageEvent<unknown>) => host.handle(event.data));
