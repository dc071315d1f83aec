/** The engine's worker with the labs of benchmarks and checks; built for those only. */
import plain from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threaded from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import { browserKernels } from '../../workers/kernels/wasm/browser.ts';
import { createHost } from '../../workers/runtime/host.ts';
import { HttpSource } from '../../workers/weights/http-source.ts';
import { ownLabs } from './labs.ts';

const host = createHost((event) => self.postMessage(event), {
  labs: ownLabs,
  openSource: (base) => new HttpSource(base),
  wasmPaths: {
    'tfjs-backend-wasm.wasm': plain,
    'tfjs-backend-wasm-simd.wasm': simd,
    'tfjs-backend-wasm-threaded-simd.wasm': threaded,
  },
  kernels: browserKernels,
  ...(self.crossOriginIsolated ? { threads: navigator.hardwareConcurrency } : {}),
});
self.addEventListener('message', (event: MessageEvent<unknown>) => host.handle(event.data));
