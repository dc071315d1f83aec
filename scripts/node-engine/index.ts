import { join } from 'node:path';
import type { BackendName } from '../../core/model-config.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import type { HostEnvironment } from '../../workers/runtime/environment.ts';
import { commit } from '../lib/commit.ts';
import type { OpenEngine } from '../lib/open-engine.ts';
import { ROOT } from '../lib/root.ts';
import { installNodeWebGpu, nodeWasmPaths } from './backends.ts';
import { folderSource } from './file-source.ts';
import { nodeKernels } from './kernels.ts';
import { labModule } from './labs.ts';

export interface NodeEngineOptions {
  readonly backend: BackendName;
  /** Where bundles are; default `public/` of the repository. */
  readonly folder?: string;
  /** Default: those of `labs/`. */
  readonly labs?: HostEnvironment['labs'];
  /** Where files of the Hub are kept; default: they are not. */
  readonly caches?: CacheStorage;
  /** Called with validation errors of the graphics device, which do not throw; default: one line on stderr each. */
  readonly onDeviceError?: (message: string) => void;
}

/**
 * The page's engine in Node: same host, same client, same labs; files come from `public/`, WebGPU is Dawn on the machine's
 * Vulkan driver. Dawn keeps the process alive after `close`, so a script ends with `process.exit`.
 */
export async function openNodeEngine({ backend, folder, labs, caches, onDeviceError }: NodeEngineOptions): Promise<OpenEngine> {
  if (backend === 'webgpu') {
    const missing = await installNodeWebGpu();
    if (missing !== null) throw new VitrineError('no-webgpu', missing);
  }
  // tfjs looks for `navigator.gpu` when it is imported, so it comes in only now.
  const [{ hostWorker, hostsEnded }, { EngineClient }] = await Promise.all([
    import('./host-worker.ts'),
    import('../../workers/client/engine-client.ts'),
  ]);
  const engine = new EngineClient({
    createWorker: () =>
      hostWorker({
        labs: labs ?? labModule,
        openSource: () => folderSource(folder ?? join(ROOT, 'public')),
        wasmPaths: nodeWasmPaths(),
        kernels: nodeKernels(),
        ...(caches ? { caches } : {}),
        onDeviceError: onDeviceError ?? ((message) => process.stderr.write(`WebGPU: ${message}\n`)),
      }),
    base: 'file:///',
    commit: commit(),
    backend,
    cacheBytes: 0,
  });
  engine.start();
  return {
    engine,
    async close() {
      engine.dispose();
      await hostsEnded();
    },
  };
}
