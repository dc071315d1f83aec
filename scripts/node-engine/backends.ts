import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { WasmPaths } from '../../workers/runtime/device.ts';

const require = createRequire(import.meta.url);
/** Where distributions and Google's packages put Chromium's SwiftShader. */
const ICD = ['/usr/lib/chromium', '/usr/lib/x86_64-linux-gnu/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome'].map(
  (folder) => join(folder, 'vk_swiftshader_icd.json'),
);

/** tfjs' WASM binaries, as files. */
export function nodeWasmPaths(): WasmPaths {
  const dir = join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'dist');
  return {
    'tfjs-backend-wasm.wasm': join(dir, 'tfjs-backend-wasm.wasm'),
    'tfjs-backend-wasm-simd.wasm': join(dir, 'tfjs-backend-wasm-simd.wasm'),
    'tfjs-backend-wasm-threaded-simd.wasm': join(dir, 'tfjs-backend-wasm-threaded-simd.wasm'),
  };
}

let installed: string | null | undefined;

/**
 * Puts Dawn (npm package `webgpu`) in place as `navigator.gpu`. Must run before tfjs is imported, which looks at
 * `navigator.gpu` then. Uses the machine's Vulkan driver, or Chromium's SwiftShader where none is named.
 * @returns null if it works, else why it does not
 */
export async function installNodeWebGpu(): Promise<string | null> {
  if (installed !== undefined) return installed;
  if (!process.env['VK_ICD_FILENAMES'] && !process.env['VK_DRIVER_FILES']) {
    const icd = ICD.find((path) => existsSync(path));
    if (icd) process.env['VK_ICD_FILENAMES'] = icd;
  }
  try {
    const { create, globals } = await import('webgpu');
    Object.assign(globalThis, globals);
    const gpu = create(['backend=vulkan', 'enable-dawn-features=allow_unsafe_apis']);
    const adapter = await gpu.requestAdapter();
    if (!adapter)
      return (installed = 'Dawn found no Vulkan adapter (install libvulkan1 and a driver, or Chromium for its SwiftShader)');
    Object.defineProperty(globalThis, 'navigator', {
      value: { gpu, userAgent: 'node', hardwareConcurrency: 2 },
      configurable: true,
    });
    return (installed = null);
  } catch (error) {
    return (installed = `the npm package "webgpu" does not load: ${error instanceof Error ? error.message : String(error)}`);
  }
}
