/** Measures `smollm-shape.ts` in a worker of a page; answers each message with a result. */
import plain from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threaded from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import { browserKernels } from '../../workers/kernels/wasm/browser.ts';
import { measureShape } from './smollm-shape.ts';

self.addEventListener('message', (event: MessageEvent<{ readonly threads: number }>) => {
  const { threads } = event.data;
  const answer = measureShape('wasm', {
    wasmPaths: {
      'tfjs-backend-wasm.wasm': plain,
      'tfjs-backend-wasm-simd.wasm': simd,
      'tfjs-backend-wasm-threaded-simd.wasm': threaded,
    },
    kernels: { ...browserKernels, threads },
    ...(threads > 1 ? { threads } : {}),
  });
  answer.then(
    (measured) => self.postMessage({ measured }),
    (error: unknown) => self.postMessage({ error: String(error) }),
  );
});
self.postMessage({ ready: true });
