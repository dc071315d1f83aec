import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { hasRelaxedSimd, type KernelSource } from '../../workers/kernels/wasm/kernels.ts';
import { kernelFile } from '../lib/wasm-kernels.ts';

/** A thread of the pool, as text: it must start from TypeScript, from a bundle and from tests alike. */
const THREAD = `
const { workerData } = require('node:worker_threads');
const { module, memory, control, slot } = workerData;
const nap = (at, expected, ms) => void Atomics.wait(new Int32Array(memory.buffer), at >> 2, expected, ms < 0 ? Infinity : ms);
WebAssembly.instantiate(module, { env: { memory, abort() {} }, index: { nap } }).then(({ exports }) => exports.serve(control, slot));`;

/** The SIMD kernels in Node, with threads of `worker_threads`. */
export function nodeKernels(threads: number = availableParallelism()): KernelSource {
  // Node 20 has it behind a flag; with it the command line gives the bits of the page.
  if (!hasRelaxedSimd()) setFlagsFromString('--experimental-wasm-relaxed-simd');
  return {
    threads,
    compile: async (build) => WebAssembly.compile(Uint8Array.from(await readFile(kernelFile(build)))),
    start(init, onEnd) {
      const worker = new Worker(THREAD, { eval: true, workerData: init });
      let ended = false;
      const end = (reason: string): void => {
        if (!ended) onEnd(reason);
        ended = true;
      };
      worker.on('error', (error) => end(error instanceof Error ? error.message : String(error)));
      worker.on('exit', (code) => end(`it exited with ${code}`));
      // It must not keep the process alive.
      worker.unref();
      return { terminate: () => void worker.terminate() };
    },
  };
}
