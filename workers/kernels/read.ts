import type { Tensor } from './tf.ts';
import { bufferOf, onWebGpu, webgpuBackend, type WebGpuInternals } from './webgpu/dispatch.ts';

const ring = new WeakMap<GPUDevice, GPUBuffer[]>();
const ALIGN = 16;

let total = 0;

/** Bytes of all tensors read back so far; for tests and benchmarks. */
export function bytesRead(): number {
  return total;
}

/**
 * Reads tensors back: on WebGPU all of them in one submit and one map, through a staging buffer that is kept for later
 * reads. Nothing is cached on the tensors, so a kernel may overwrite them afterwards (tfjs' own `.data()` would keep
 * returning the old values).
 */
export async function readMany(tensors: readonly Tensor[]): Promise<(Float32Array | Int32Array)[]> {
  for (const tensor of tensors) total += tensor.size * 4;
  if (!onWebGpu()) return Promise.all(tensors.map(async (t) => (await t.data()) as Float32Array | Int32Array));
  const backend = webgpuBackend();
  for (const tensor of tensors) backend.uploadToGPU(tensor.dataId);
  const offsets: number[] = [];
  let length = 0;
  for (const tensor of tensors) {
    offsets.push(length);
    length += Math.ceil((tensor.size * 4) / ALIGN) * ALIGN;
  }
  if (length === 0) return tensors.map((t) => (t.dtype === 'float32' ? new Float32Array(0) : new Int32Array(0)));
  const staging = acquire(backend, length);
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  for (const [i, tensor] of tensors.entries()) {
    if (tensor.size > 0)
      backend.commandEncoder?.copyBufferToBuffer(bufferOf(backend, tensor), 0, staging, offsets[i] ?? 0, tensor.size * 4);
  }
  backend.submitQueue();
  await staging.mapAsync(GPUMapMode.READ, 0, length);
  const bytes = staging.getMappedRange(0, length).slice(0);
  staging.unmap();
  ring.get(backend.device)?.push(staging);
  return tensors.map((t, i) =>
    t.dtype === 'float32' ? new Float32Array(bytes, offsets[i], t.size) : new Int32Array(bytes, offsets[i], t.size),
  );
}

function acquire(backend: WebGpuInternals, bytes: number): GPUBuffer {
  let free = ring.get(backend.device);
  if (!free) ring.set(backend.device, (free = []));
  const at = free.findIndex((buffer) => buffer.size >= bytes);
  const [found] = at >= 0 ? free.splice(at, 1) : [];
  return (
    found ??
    backend.device.createBuffer({
      size: Math.max(65_536, 2 ** Math.ceil(Math.log2(bytes))),
      usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
    })
  );
}
