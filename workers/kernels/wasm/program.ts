/** i32 of one operation; the last 32 are its counters, on cache lines of their own. */
const OPERATION = 64;
const ARGUMENTS = 4;
const MOST = 64;

/** Operations of `assembly/index.ts` by number. */
export const OP = {
  multiply: 1,
  transposed: 2,
  gather: 3,
  norm: 4,
  turn: 5,
  attend: 6,
  gated: 7,
  decode: 8,
  rowDots: 9,
} as const;

/** A float32 argument, where others are integers or addresses. */
export interface Float {
  readonly float: number;
}
export const float = (value: number): Float => ({ float: value });

/** A list of operations in WASM memory, as the threads read it. */
export class Program {
  readonly #memory: WebAssembly.Memory;
  readonly #at: number;
  readonly #control: number;
  #count = 0;
  #threads = 1;

  constructor(memory: WebAssembly.Memory, at: number, control: number) {
    this.#memory = memory;
    this.#at = at;
    this.#control = control;
  }

  clear(threads: number): void {
    this.#count = 0;
    this.#threads = threads;
  }

  /**
   * @param items    what is shared out among the threads
   * @param atLeast  items that are worth a thread's while
   * @param together true: the next operation does not need this one's results
   */
  add(
    code: number,
    items: number,
    atLeast: number,
    args: readonly (number | Float)[],
    { together = false }: { readonly together?: boolean } = {},
  ): void {
    if (this.#count === MOST) throw new RangeError(`more than ${MOST} operations`);
    const size = this.#threads === 1 ? items : Math.max(1, Math.floor(atLeast), Math.ceil(items / (this.#threads * 6)));
    const at = this.#at + this.#count++ * OPERATION * 4;
    const words = new Int32Array(this.#memory.buffer, at, OPERATION);
    const floats = new Float32Array(this.#memory.buffer, at, OPERATION);
    words[0] = code;
    words[1] = Math.ceil(items / Math.max(1, size));
    words[2] = together ? 0 : 1;
    words[3] = size;
    words[32] = 0;
    words[33] = 0;
    args.forEach((arg, i) => {
      if (typeof arg === 'number') words[ARGUMENTS + i] = arg;
      else floats[ARGUMENTS + i] = arg.float;
    });
  }

  /** Tells the threads where it is. */
  close(): void {
    const control = new Int32Array(this.#memory.buffer, this.#control, 64);
    control[48] = this.#at;
    control[49] = this.#count;
  }
}
