import { VitrineError } from '../../../core/protocol/errors.ts';
import { Heap } from './heap.ts';
import { kernelImports } from './imports.ts';
import { Program } from './program.ts';

/** What a thread needs to join the pool. */
export interface PoolStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: number;
  readonly slot: number;
}
export interface PoolThread {
  /** Resolves when it is about to serve; a browser starts it only while its owner's event loop turns. */
  readonly ready?: Promise<void>;
  terminate(): void;
}
/** Which of the four builds of the kernels: with fused multiply-add, with threads. */
export type KernelBuild = 'plain' | 'relaxed' | 'plain-threads' | 'relaxed-threads';

/** Where the kernels come from; the page and Node each have their own. */
export interface KernelSource {
  /** Threads that work together at most, the engine's own included; 1 where memory cannot be shared. */
  readonly threads: number;
  compile(build: KernelBuild): Promise<WebAssembly.Module>;
  /**
   * Starts a thread that instantiates the module on the memory and calls `serve(control, slot)`.
   * @param onEnd called with the reason when the thread ends before it is terminated
   */
  start(init: PoolStart, onEnd: (reason: string) => void): PoolThread;
}

export interface Exports {
  run(control: number, scratch: number, naps: number): number;
  settle(control: number, naps: number): number;
  serve(control: number, slot: number): void;
}

/** Fixed addresses, below the heap. The compiler's own data, if any, is below the first. */
const CONTROL = 16_384;
const SLOTS = CONTROL + 256;
const PROGRAM = CONTROL + 512;
const HEAP = 65_536;
const STARTED = CONTROL / 4;
const FAILED = CONTROL / 4 + 32;
const CLOSE = CONTROL / 4 + 33;
/** 2 GiB, where addresses stay positive; less where a device cannot set that much aside. */
const MOST_PAGES = [32_768, 16_384, 8192, 4096];
const MOST_THREADS = 8;
/** How long the opening waits for threads, ms. */
const START_MS = 3000;
const FIRST_SCRATCH = 131_072;
/** Sleeps of 20 ms without progress after which a thread is taken for dead: ten seconds. */
const PATIENCE = 500;

/** A module of one function that needs relaxed SIMD (`f32x4.relaxed_madd`). */
const RELAXED_PROBE = Uint8Array.from(
  ['00 61 73 6d 01 00 00 00 01 08 01 60 03 7b 7b 7b 01 7b 03 02 01 00', '0a 0d 01 0b 00 20 00 20 01 20 02 fd 85 02 0b']
    .join(' ')
    .split(' '),
  (byte) => Number.parseInt(byte, 16),
);
export const hasRelaxedSimd = (): boolean => WebAssembly.validate(RELAXED_PROBE);

export interface KernelOptions {
  /** Default: what the source says. */
  readonly threads?: number;
  /** False: plain SIMD even where there is relaxed SIMD. */
  readonly relaxed?: boolean;
  /** See `PATIENCE`. */
  readonly patience?: number;
}

/** The SIMD kernels with their memory and threads. One at a time; see `openKernels`. */
export class WasmKernels {
  readonly heap: Heap;
  readonly build: KernelBuild;
  readonly program: Program;
  readonly #exports: Exports;
  readonly #threads: PoolThread[] = [];
  readonly #patience: number;
  readonly #slots: number;
  #scratch = 0;
  #scratchBytes = 0;
  #dead: string | null = null;
  #closed = false;
  /** Memory for activations of one program; several pieces where the first one was too small. */
  #pieces: { at: number; size: number }[] = [];
  #taken = 0;

  constructor(memory: WebAssembly.Memory, exports: Exports, build: KernelBuild, threads: number, patience: number) {
    this.heap = new Heap(memory, HEAP);
    this.build = build;
    this.#exports = exports;
    this.#slots = threads;
    this.#patience = patience;
    this.program = new Program(memory, PROGRAM, CONTROL);
    this.needScratch(FIRST_SCRATCH);
  }

  get threads(): number {
    return this.#slots;
  }

  startThreads(source: KernelSource, module: WebAssembly.Module): void {
    for (let i = 1; i < this.#slots; i++) {
      const init = { module, memory: this.heap.memory, control: CONTROL, slot: SLOTS + i * 4 };
      this.#threads.push(source.start(init, (reason) => this.#lose(reason)));
    }
  }

  /** Waits for the threads, but not for ever: those that come late join then. */
  async threadsReady(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, START_MS)));
    await Promise.race([Promise.all(this.#threads.map(({ ready }) => ready)), late]);
    clearTimeout(timer);
  }

  floats(at: number, count: number): Float32Array {
    return new Float32Array(this.heap.memory.buffer, at, count);
  }
  ints(at: number, count: number): Int32Array {
    return new Int32Array(this.heap.memory.buffer, at, count);
  }

  /** Begins a program. Everything that `temporary` gave before is void. */
  begin(): Program {
    this.#check();
    if (this.#exports.settle(CONTROL, this.#patience) !== 0) this.#fail();
    const [first] = this.#pieces;
    if (this.#pieces.length > 1 && first) {
      const total = this.#pieces.reduce((sum, piece) => sum + piece.size, 0);
      for (const { at } of this.#pieces) this.heap.release(at);
      this.#pieces = [{ at: this.heap.allocate(total), size: total }];
    }
    this.#taken = 0;
    this.program.clear(this.#slots);
    return this.program;
  }

  /** Runs the program on all threads; returns when all of it is done. Throws `backend-failed` where a thread died. */
  run(): void {
    this.program.close();
    let failed = 1;
    try {
      failed = this.#exports.run(CONTROL, this.#scratch, this.#patience);
    } catch (cause) {
      this.#lose(String(cause));
    }
    if (failed !== 0) this.#fail();
  }

  /** Memory for this program, undefined contents, with a little room behind. */
  temporary(bytes: number): number {
    const size = Math.ceil(bytes / 64) * 64 + 64;
    let piece = this.#pieces.at(-1);
    if (!piece || this.#taken + size > piece.size) {
      const room = Math.max(size, 1 << 20);
      piece = { at: this.heap.allocate(room), size: room };
      this.#pieces.push(piece);
      this.#taken = 0;
    }
    const at = piece.at + this.#taken;
    this.#taken += size;
    return at;
  }

  /** Makes each thread's own memory at least this large. Only between `begin` and `run`. */
  needScratch(bytes: number): void {
    if (bytes <= this.#scratchBytes) return;
    this.heap.release(this.#scratch);
    this.#scratchBytes = 2 ** Math.ceil(Math.log2(bytes));
    this.#scratch = this.heap.allocate(this.#scratchBytes * this.#slots);
    const slots = this.ints(SLOTS, this.#slots);
    for (let i = 0; i < this.#slots; i++) slots[i] = this.#scratch + i * this.#scratchBytes;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const control = new Int32Array(this.heap.memory.buffer);
    Atomics.store(control, CLOSE, 1);
    this.#wake(control);
    for (const thread of this.#threads) thread.terminate();
    this.#threads.length = 0;
  }

  #check(): void {
    if (this.#closed) throw new VitrineError('internal', 'the WASM kernels are closed');
    if (this.#dead !== null) this.#fail();
  }

  #fail(): never {
    this.#dead ??= 'a thread does not answer';
    throw new VitrineError('backend-failed', `a WASM thread died: ${this.#dead}`, {
      hint: 'Reload the page; where it happens again, choose another backend in the model sheet.',
    });
  }

  #lose(reason: string): void {
    if (this.#closed) return;
    this.#dead ??= reason;
    const control = new Int32Array(this.heap.memory.buffer);
    Atomics.store(control, FAILED, 1);
    this.#wake(control);
  }

  #wake(control: Int32Array): void {
    if (this.#slots > 1) Atomics.notify(control, STARTED);
  }
}

let current: WasmKernels | null = null;

/** The kernels that are open, or null: then weights are held as tfjs tensors. */
export function wasmKernels(): WasmKernels | null {
  return current;
}

/** Opens the kernels; an earlier set is closed. Matrices made from now on live in their memory. */
export async function openKernels(source: KernelSource, options: KernelOptions = {}): Promise<WasmKernels> {
  closeKernels();
  const threads = Math.max(1, Math.min(options.threads ?? source.threads, MOST_THREADS));
  const relaxed = (options.relaxed ?? true) && hasRelaxedSimd();
  const build: KernelBuild = `${relaxed ? 'relaxed' : 'plain'}${threads > 1 ? '-threads' : ''}`;
  const module = await source.compile(build);
  const memory = newMemory(threads > 1);
  const { exports } = await WebAssembly.instantiate(module, kernelImports(memory));
  const kernels = new WasmKernels(memory, exports as unknown as Exports, build, threads, options.patience ?? PATIENCE);
  kernels.startThreads(source, module);
  await kernels.threadsReady();
  current = kernels;
  return kernels;
}

function newMemory(shared: boolean): WebAssembly.Memory {
  let refused: unknown = null;
  for (const maximum of MOST_PAGES)
    try {
      return new WebAssembly.Memory({ initial: 16, maximum, shared });
    } catch (error) {
      refused = error;
    }
  throw new VitrineError('out-of-memory', 'there is no room for the memory of the WASM kernels', { cause: refused });
}

/** Ends the threads and forgets the memory; matrices in it are gone. */
export function closeKernels(): void {
  current?.close();
  current = null;
}
