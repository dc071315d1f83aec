import plain from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threaded from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import { browserKernels } from '../../workers/kernels/wasm/browser.ts';
import type { DeviceOptions } from '../../workers/runtime/device.ts';

export const wasmPaths: NonNullable<DeviceOptions['wasmPaths']> = {
  'tfjs-backend-wasm.wasm': plain,
  'tfjs-backend-wasm-simd.wasm': simd,
  'tfjs-backend-wasm-threaded-simd.wasm': threaded,
};

/** The WASM backend of a worker of the benchmark, on so many threads. */
export function wasmDevice(threads: number): DeviceOptions {
  return { wasmPaths, kernels: { ...browserKernels, threads }, ...(threads > 1 ? { threads } : {}) };
}
