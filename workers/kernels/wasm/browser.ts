/** The SIMD kernels in a page: compiled files beside the site, threads as workers of the engine's worker. */
import plain from 'wasm-kernels/plain.wasm?url';
import plainThreads from 'wasm-kernels/plain-threads.wasm?url';
import relaxed from 'wasm-kernels/relaxed.wasm?url';
import relaxedThreads from 'wasm-kernels/relaxed-threads.wasm?url';
import type { KernelBuild, KernelSource } from './kernels.ts';

const URLS: Readonly<Record<KernelBuild, string>> = {
  plain,
  relaxed,
  'plain-threads': plainThreads,
  'relaxed-threads': relaxedThreads,
};

export const browserKernels: KernelSource = {
  // Threads share memory, which a page that is not isolated may not do.
  threads: self.crossOriginIsolated ? navigator.hardwareConcurrency : 1,
  async compile(build) {
    const answer = await fetch(new URL(URLS[build], import.meta.url));
    if (!answer.ok) throw new Error(`${answer.url} answers ${answer.status}`);
    // Not streaming: some hosts do not know the type of .wasm files.
    return WebAssembly.compile(await answer.arrayBuffer());
  },
  start(init, onEnd) {
    const worker = new Worker(new URL('./thread.worker.ts', import.meta.url), { type: 'module' });
    worker.addEventListener('error', (event) => onEnd(event.message));
    const ready = new Promise<void>((resolve) => worker.addEventListener('message', () => resolve(), { once: true }));
    worker.postMessage(init);
    return { ready, terminate: () => worker.terminate() };
  },
};
