import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { VitrineError } from '../../core/protocol/errors.ts';
import { FLAT, setMatmulChoice } from '../kernels/dequant-matmul/choice.ts';
import { tf } from '../kernels/tf.ts';
import '../kernels/fused-block/webgpu.ts';
import { webgpuBackend } from '../kernels/webgpu/dispatch.ts';
import { describe, requestAdapter } from './webgpu-status.ts';

export interface WebGpuDevice {
  readonly name: string;
  readonly software: boolean;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
  /** Chooses the matmul shaders. To be called once tfjs has taken the device. */
  tune(): Promise<void>;
  expectLoss(): void;
  destroy(): void;
  trimPool(): void;
}

/** Not `shader-f16`: see docs/decisions/0010-how-weights-are-held.md. */
const WANTED_FEATURES: readonly GPUFeatureName[] = ['subgroups', 'timestamp-query'];
const WANTED_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBuffersPerShaderStage',
] as const;
/** Registers a tfjs backend on a device of our own: real limits, optional features, loss and validation errors reported. */
export async function openWebGpu(options: {
  readonly onLost?: (reason: string) => void;
  readonly onError?: (message: string) => void;
}): Promise<WebGpuDevice> {
  const adapter = await requestAdapter();
  if (!adapter) throw new VitrineError('no-webgpu', 'the browser found no graphics adapter');
  const features = WANTED_FEATURES.filter((f) => adapter.features.has(f));
  const limits = Object.fromEntries(WANTED_LIMITS.map((name) => [name, adapter.limits[name]]));
  const device = await adapter.requestDevice({ requiredFeatures: [...features], requiredLimits: limits });
  hoistEnables(device);
  let expected = false;
  device.onuncapturederror = (event): void => options.onError?.(event.error.message);
  void device.lost.then((info) => {
    if (!expected) options.onLost?.(info.message || info.reason || 'unknown');
  });

  if (tf.findBackendFactory('webgpu')) tf.removeBackend('webgpu');
  tf.registerBackend('webgpu', () => new WebGPUBackend(device, adapter.info), 3);
  // Split-K ignores transposeB for some shapes and adds with float atomics: wrong and not repeatable. 3 = packed program.
  tf.env().set('WEBGPU_MATMUL_PROGRAM_TYPE', 3);
  tf.env().set('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE', 64);
  // Otherwise small tensors are silently computed on the CPU backend.
  tf.env().set('WEBGPU_CPU_FORWARD', false);

  const { name, software } = describe(adapter);
  return {
    name,
    software,
    features,
    limits,
    async tune(): Promise<void> {
      setMatmulChoice(FLAT);
      if (software) return;
      const { keptChoice } = await import('../kernels/dequant-matmul/tuning.ts');
      setMatmulChoice(await keptChoice(adapter.info, { features, limits }));
    },
    expectLoss: () => (expected = true),
    destroy: () => device.destroy(),
    trimPool,
  };
}

/** tfjs puts its own prelude first, after which WGSL allows no `enable`; this moves them to the top. */
function hoistEnables(device: GPUDevice): void {
  const create = device.createShaderModule.bind(device);
  const enable = /^\s*enable [^;]+;/gm;
  device.createShaderModule = (descriptor): GPUShaderModule => {
    const enables = [...new Set(descriptor.code.match(enable) ?? [])];
    return enables.length === 0
      ? create(descriptor)
      : create({ ...descriptor, code: `${enables.join('\n')}\n${descriptor.code.replace(enable, '')}` });
  };
}

function trimPool(): void {
  const { bufferManager } = webgpuBackend();
  for (const buffers of bufferManager.freeBuffers.values()) {
    for (const buffer of buffers) {
      bufferManager.numBytesAllocated -= buffer.size;
      buffer.destroy();
    }
  }
  bufferManager.numFreeBuffers = 0;
  bufferManager.freeBuffers.clear();
}
