import { VitrineError } from '../../../core/protocol/errors.ts';
import type { Tensor } from '../tf.ts';
import { tf } from '../tf.ts';

/**
 * The members of tfjs' WebGPUBackend that the dispatcher uses; most are private there. tfjs is pinned to 4.22.0 and a
 * test checks that they exist.
 */
export interface WebGpuInternals {
  readonly device: GPUDevice;
  readonly queue: GPUQueue;
  readonly tensorMap: { get(id: object): { resource?: GPUBuffer } | undefined };
  readonly bufferManager: {
    acquireBuffer(size: number, usage: number): GPUBuffer;
    freeBuffers: Map<string, GPUBuffer[]>;
    numBytesAllocated: number;
    numFreeBuffers: number;
  };
  readonly uniformPendingDisposal: GPUBuffer[];
  readonly commandQueueOwnedIds: WeakSet<object>;
  commandEncoder: GPUCommandEncoder | null;
  computePassEncoder: GPUComputePassEncoder | null;
  dispatchCountInPass: number;
  uploadToGPU(id: object): void;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
  makeTensorInfo(shape: number[], dtype: string): { dataId: object; shape: number[]; dtype: string };
}

export const INTERNALS: readonly (keyof WebGpuInternals)[] = [
  'device',
  'queue',
  'tensorMap',
  'bufferManager',
  'uniformPendingDisposal',
  'commandQueueOwnedIds',
  'commandEncoder',
  'computePassEncoder',
  'dispatchCountInPass',
  'uploadToGPU',
  'ensureCommandEncoderReady',
  'endComputePassEncoder',
  'submitQueue',
  'makeTensorInfo',
];

export function webgpuBackend(): WebGpuInternals {
  return tf.backend() as unknown as WebGpuInternals;
}

export function onWebGpu(): boolean {
  return tf.getBackend() === 'webgpu';
}

export interface Dispatch {
  /** Names the pipeline: everything that changes the source must be in it. */
  readonly key: string;
  readonly code: () => string;
  /** Bound from binding 0 on as read_write storage, in this order. */
  readonly outputs: readonly Tensor[];
  /** Bound after the outputs as read-only storage. */
  readonly inputs: readonly Tensor[];
  /** Bound last as one uniform struct of u32s. The shader must read it, or the automatic layout drops the binding. */
  readonly uniforms: readonly number[];
  readonly groups: Groups;
  /** Groups along this axis are folded into z where they are more than the device launches; see `FOLDED`. */
  readonly folds?: 'x' | 'y';
}
type Groups = readonly [x: number, y: number, z: number];

/** What a shader needs to know of its place where groups are folded: number of its group along the axis that `folds` names. */
export const FOLDED: Readonly<Record<'builtins' | 'x' | 'y', string>> = {
  builtins: '@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>',
  x: '(group.x + group.z * groups.x)',
  y: '(group.y + group.z * groups.y)',
};

/** Groups as they are launched: a few too many where they are folded, so that shaders check their bounds. */
function launchable(key: string, [x, y, z]: Groups, folds: 'x' | 'y' | undefined, most: number): Groups {
  const long = folds === 'y' ? y : x;
  if (folds !== undefined && long > most && z === 1) {
    const depth = Math.ceil(long / most);
    const short = Math.ceil(long / depth);
    return launchable(key, folds === 'y' ? [x, short, depth] : [short, y, depth], undefined, most);
  }
  if (Math.max(x, y, z) <= most) return [x, y, z];
  // WebGPU itself would compute nothing, and say so only to `onuncapturederror`.
  throw new VitrineError('too-large-for-device', `${key} needs ${Math.max(x, y, z)} groups; this device launches ${most}`, {
    hint: 'Choose a shorter text or fewer cases at once.',
  });
}

const words = new Uint32Array(1);
const floats = new Float32Array(words.buffer);

/** A float32 among the uniforms, as the shader's `bitcast<f32>` reads it. */
export function floatBits(x: number): number {
  floats[0] = x;
  return words[0] ?? 0;
}

let launched = 0;

/** Dispatches of own kernels so far; for tests and benchmarks. */
export function dispatchCount(): number {
  return launched;
}

interface Known {
  readonly pipelines: Map<string, Built>;
  /** Constant uniform buffers, by what they hold. */
  readonly uniforms: Map<string, GPUBuffer>;
  /** Bind groups, by pipeline and buffers. */
  readonly bindGroups: Map<string, GPUBindGroup>;
}
interface Built {
  readonly id: number;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}
const devices = new WeakMap<GPUDevice, Known>();
const ids = new WeakMap<GPUBuffer, number>();
let nextId = 1;
/** Entries of a cache beyond which it starts anew; what was in it stays alive as long as commands use it. */
const MOST = 4096;

function knownOf(device: GPUDevice): Known {
  let known = devices.get(device);
  if (!known) devices.set(device, (known = { pipelines: new Map(), uniforms: new Map(), bindGroups: new Map() }));
  return known;
}

function remember<T>(cache: Map<string, T>, key: string, make: () => T): T {
  let found = cache.get(key);
  if (found === undefined) {
    if (cache.size >= MOST) cache.clear();
    cache.set(key, (found = make()));
  }
  return found;
}

function idOf(buffer: GPUBuffer): number {
  let id = ids.get(buffer);
  if (id === undefined) ids.set(buffer, (id = nextId++));
  return id;
}

function build(device: GPUDevice, key: string, code: () => string): Built {
  return remember(knownOf(device).pipelines, key, () => {
    const module = device.createShaderModule({ code: code(), label: key });
    const pipeline = device.createComputePipeline({ label: key, layout: 'auto', compute: { module, entryPoint: 'main' } });
    return { id: nextId++, pipeline, layout: pipeline.getBindGroupLayout(0) };
  });
}

/** A buffer that holds these numbers for good. A decoding step has the same ones each time, but for a few. */
function uniformBuffer(device: GPUDevice, uniforms: readonly number[]): GPUBuffer {
  return remember(knownOf(device).uniforms, uniforms.join(), () => {
    const data = new Uint32Array(Math.ceil(uniforms.length / 4) * 4);
    data.set(uniforms);
    const buffer = device.createBuffer({ size: data.byteLength, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.UNIFORM });
    device.queue.writeBuffer(buffer, 0, data);
    return buffer;
  });
}

/** A tensor whose buffer is allocated now and filled by a dispatch. */
export function emptyTensor(shape: number[], dtype: 'float32' | 'int32' = 'float32'): Tensor {
  const backend = webgpuBackend();
  const info = backend.makeTensorInfo(shape, dtype);
  return tf.engine().makeTensorFromTensorInfo(info as Parameters<ReturnType<typeof tf.engine>['makeTensorFromTensorInfo']>[0]);
}

/** Zeroes a tensor inside the command stream. */
export function clearTensor(tensor: Tensor): void {
  const backend = webgpuBackend();
  backend.uploadToGPU(tensor.dataId);
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.commandEncoder?.clearBuffer(bufferOf(backend, tensor));
  backend.commandQueueOwnedIds.add(tensor.dataId);
}

export function bufferOf(backend: WebGpuInternals, tensor: Tensor): GPUBuffer {
  const buffer = backend.tensorMap.get(tensor.dataId)?.resource;
  if (!buffer) throw new Error('a tensor has no GPU buffer');
  return buffer;
}

/** Runs a shader in tfjs' own command stream, so that it is ordered with tfjs' kernels. */
export function dispatch({ key, code, outputs, inputs, uniforms, groups, folds }: Dispatch): void {
  const backend = webgpuBackend();
  const { device } = backend;
  const launch = launchable(key, groups, folds, device.limits.maxComputeWorkgroupsPerDimension);
  const found = build(device, key, code);
  const tensors = [...outputs, ...inputs];
  for (const tensor of tensors) backend.uploadToGPU(tensor.dataId);
  const buffers = tensors.map((tensor) => bufferOf(backend, tensor));
  buffers.push(uniformBuffer(device, uniforms));
  // tfjs' pool hands the same buffers out again, so steps of a generation meet bind groups of earlier ones.
  const bindGroup = remember(knownOf(device).bindGroups, `${found.id}:${buffers.map(idOf).join()}`, () =>
    device.createBindGroup({
      layout: found.layout,
      entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
    }),
  );
  for (const tensor of tensors) backend.commandQueueOwnedIds.add(tensor.dataId);
  backend.ensureCommandEncoderReady();
  backend.computePassEncoder ??= backend.commandEncoder?.beginComputePass() ?? null;
  const pass = backend.computePassEncoder;
  if (!pass) throw new Error('no command encoder');
  pass.setPipeline(found.pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(...launch);
  launched++;
  backend.dispatchCountInPass++;
  if (backend.dispatchCountInPass >= tf.env().getNumber('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE')) {
    backend.endComputePassEncoder();
    backend.submitQueue();
  }
}
