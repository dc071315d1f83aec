import { setThreadsCount, setWasmPaths, type BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-cpu';
import type { BackendName } from '../../core/model-config.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import type { BackendChoice } from '../../core/protocol/messages.ts';
import { registerFusedBlock } from '../kernels/fused-block/index.ts';
import { wasmBlock } from '../kernels/fused-block/wasm.ts';
import { sweepCopies } from '../kernels/fused-block/wasm-memory.ts';
import { tf } from '../kernels/tf.ts';
import { closeKernels, openKernels, wasmKernels, type KernelSource } from '../kernels/wasm/kernels.ts';
import type { WebGpuDevice } from './webgpu-device.ts';
import { webGpuStatus } from './webgpu-status.ts';

export type { BackendWasm };

export interface DeviceInfo {
  readonly backend: BackendName;
  readonly adapter: string | null;
  readonly software: boolean;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
  readonly threads: number | null;
  /** One sentence for the reader: why this backend. */
  readonly reason: string;
}

/** Where tfjs' three WASM binaries are: a URL in the page, a file path in Node. */
export interface WasmPaths {
  readonly 'tfjs-backend-wasm.wasm': string;
  readonly 'tfjs-backend-wasm-simd.wasm': string;
  readonly 'tfjs-backend-wasm-threaded-simd.wasm': string;
}

export interface DeviceOptions {
  readonly wasmPaths?: WasmPaths;
  /** SIMD kernels for the WASM backend; without them tfjs multiplies float32 weights. */
  readonly kernels?: KernelSource;
  /** WASM threads, where the page is cross-origin isolated. */
  readonly threads?: number;
  /** The device went away by itself. Not called for `closeDevice`. */
  readonly onLost?: (reason: string) => void;
  /** A validation error: WebGPU does not throw on these, it computes zeros. */
  readonly onError?: (message: string) => void;
}

let current: { readonly info: DeviceInfo; readonly gpu: WebGpuDevice | null } | null = null;

/** Opens the backend that the reader asked for, or the best one. Any earlier one is closed. Throws `no-webgpu` or `backend-failed`. */
export async function openDevice(choice: BackendChoice, options: DeviceOptions = {}): Promise<DeviceInfo> {
  await closeDevice();
  if (choice !== 'auto') return open(choice, `${LABELS[choice]}, as chosen in the model sheet.`, options);
  const gpu = await webGpuStatus();
  if (gpu.kind === 'hardware') return open('webgpu', `WebGPU on ${gpu.name}: the fastest that this browser offers.`, options);
  const why =
    gpu.kind === 'none' ? `there is no WebGPU here (${gpu.why})` : 'WebGPU is emulated in software here, which is slower';
  return open('wasm', `WASM, because ${why}.`, options);
}

const LABELS: Readonly<Record<BackendName, string>> = { webgpu: 'WebGPU', wasm: 'WASM', cpu: 'Plain JavaScript' };

async function open(backend: BackendName, reason: string, options: DeviceOptions): Promise<DeviceInfo> {
  // A chunk of its own, with tfjs' backend: who runs on WASM does not download it.
  const gpu = backend === 'webgpu' ? await (await import('./webgpu-device.ts')).openWebGpu(options) : null;
  if (backend === 'wasm') prepareWasm(options);
  const started = await tf.setBackend(backend).catch((cause: unknown) => {
    throw new VitrineError('backend-failed', `${LABELS[backend]} could not start: ${String(cause)}`, { cause });
  });
  if (!started || tf.getBackend() !== backend) throw new VitrineError('backend-failed', `${LABELS[backend]} could not start`);
  await tf.ready();
  await gpu?.tune();
  if (backend === 'wasm' && options.kernels) await startKernels(options.kernels);
  const info: DeviceInfo = {
    backend,
    adapter: gpu?.name ?? null,
    software: gpu?.software ?? false,
    features: gpu?.features ?? [],
    limits: gpu?.limits ?? {},
    threads: backend === 'wasm' ? Math.max(wasmKernels()?.threads ?? 1, options.threads ?? 1) : null,
    reason,
  };
  current = { info, gpu };
  return info;
}

async function startKernels(source: KernelSource): Promise<void> {
  try {
    await openKernels(source);
    registerFusedBlock('wasm', wasmBlock);
  } catch (cause) {
    // No SIMD here: tfjs multiplies float32 weights then, which gives the same numbers.
    if (cause instanceof WebAssembly.CompileError) return;
    throw new VitrineError('backend-failed', `the WASM kernels could not start: ${String(cause)}`, { cause });
  }
}

function prepareWasm({ wasmPaths, threads }: DeviceOptions): void {
  if (wasmPaths) setWasmPaths({ ...wasmPaths });
  if (threads !== undefined) setThreadsCount(threads);
}

export function deviceInfo(): DeviceInfo | null {
  return current?.info ?? null;
}

/** Frees everything on the device; all tensors are gone. */
export async function closeDevice(): Promise<void> {
  if (!current) return;
  const { gpu, info } = current;
  current = null;
  gpu?.expectLoss();
  closeKernels();
  tf.engine().disposeVariables();
  tf.removeBackend(info.backend);
  gpu?.destroy();
  await restoreFactories(info.backend);
}

/** `removeBackend` forgets the factory too; kernels stay registered, so the next opening only needs the factory back. */
async function restoreFactories(backend: BackendName): Promise<void> {
  if (backend === 'cpu') {
    const { MathBackendCPU } = await import('@tensorflow/tfjs-backend-cpu');
    tf.registerBackend('cpu', () => new MathBackendCPU(), 1);
  } else if (backend === 'wasm') {
    const { BackendWasm } = await import('@tensorflow/tfjs-backend-wasm');
    const { init } = (await import('@tensorflow/tfjs-backend-wasm/dist/backend_wasm')) as {
      init(): Promise<{ wasm: ConstructorParameters<typeof BackendWasm>[0] }>;
    };
    tf.registerBackend('wasm', async () => new BackendWasm((await init()).wasm), 2);
  }
}

/** Bytes that tensors and the WASM kernels hold, and on WebGPU the bytes of all buffers, free ones of the pool included. */
export function deviceBytes(): number {
  const kernels = wasmKernels();
  if (kernels) sweepCopies(kernels);
  const memory = tf.memory() as { numBytes: number; numBytesAllocatedInGPU?: number };
  return memory.numBytesAllocatedInGPU ?? memory.numBytes + (kernels?.heap.bytes ?? 0);
}

/** Gives the pool's unused GPU buffers back: tfjs keeps every size it ever used. */
export function trimPool(): void {
  current?.gpu?.trimPool();
}
