import { afterAll, beforeAll, describe } from 'vitest';
import type { BackendName } from '../../core/model-config.ts';
import { nodeKernels } from '../../scripts/node-engine/kernels.ts';
import { installNodeWebGpu, nodeWasmPaths } from '../../scripts/node-engine/backends.ts';

const missing = await installNodeWebGpu();
if (missing !== null) process.stderr.write(`WebGPU tests are skipped: ${missing}\n`);

/** Validation errors of the device since it was opened; every WebGPU test ends by checking that there were none. */
export const gpuErrors: string[] = [];

export async function openNodeBackend(backend: BackendName): Promise<void> {
  const { openDevice } = await import('../runtime/device.ts');
  gpuErrors.length = 0;
  await openDevice(backend, {
    wasmPaths: nodeWasmPaths(),
    kernels: nodeKernels(2),
    onError: (message) => gpuErrors.push(message),
  });
}

/** Runs a block of tests on each backend; WebGPU is Dawn on the machine's Vulkan driver (SwiftShader on CI). */
export function describeBackends(
  name: string,
  body: (backend: BackendName) => void,
  backends: readonly BackendName[] = ['cpu', 'wasm', 'webgpu'],
): void {
  for (const backend of backends) {
    describe.skipIf(backend === 'webgpu' && missing !== null)(`${name} on ${backend}`, () => {
      beforeAll(() => openNodeBackend(backend));
      afterAll(async () => {
        const { closeDevice } = await import('../runtime/device.ts');
        await closeDevice();
        if (gpuErrors.length > 0) throw new Error(`WebGPU validation errors:\n${[...new Set(gpuErrors)].join('\n')}`);
      });
      body(backend);
    });
  }
}
