/** The engine's worker: the message loop, and where labs and WASM binaries are. Everything else is the host's. */
import plain from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threaded from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import type { LabDefinition } from '../core/spec/index.ts';
import { stayAlive } from './client/watched-worker.ts';
import { browserKernels } from './kernels/wasm/browser.ts';
import { createHost, type LabModule } from './runtime/host.ts';
import { HttpSource } from './weights/http-source.ts';

const specs = import.meta.glob<{ lab: LabDefinition }>('../labs/*/spec.ts');
const runs = import.meta.glob<Pick<LabModule, 'run'>>('../labs/*/run.ts');

async function labs(id: string): Promise<LabModule | null> {
  const [spec, run] = [specs[`../labs/${id}/spec.ts`], runs[`../labs/${id}/run.ts`]];
  if (!spec || !run) return null;
  const [{ lab }, module] = await Promise.all([spec(), run()]);
  return { lab, run: (s, ctx) => module.run(s, ctx) };
}

const alive = stayAlive(self.name);
const host = createHost((event, transfer) => self.postMessage(event, { transfer: [...transfer] }), {
  labs,
  openSource: (base) => new HttpSource(base),
  wasmPaths: {
    'tfjs-backend-wasm.wasm': plain,
    'tfjs-backend-wasm-simd.wasm': simd,
    'tfjs-backend-wasm-threaded-simd.wasm': threaded,
  },
  kernels: browserKernels,
  // Threads share memory, which a page that is not isolated may not do.
  ...(self.crossOriginIsolated ? { threads: navigator.hardwareConcurrency } : {}),
  onDeviceError: (message) => console.error(`WebGPU: ${message}`),
});
self.addEventListener('message', (event: MessageEvent<unknown>) => void alive.then(() => host.handle(event.data)));
