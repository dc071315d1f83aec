import { VitrineError } from '../../../core/protocol/errors.ts';

const PAGE = 65_536;
/** Memory is asked for in steps of at least this. */
const STEP = 4 * 2 ** 20;
const ALIGN = 64;

interface Span {
  at: number;
  size: number;
}

/** First-fit allocation in a WASM memory: few, large, long-lived blocks. Addresses are multiples of 64. */
export class Heap {
  readonly memory: WebAssembly.Memory;
  #end: number;
  /** Free spans by address; no two touch. */
  readonly #free: Span[] = [];
  readonly #used = new Map<number, number>();

  /** @param first everything from here on is the heap's */
  constructor(memory: WebAssembly.Memory, first: number) {
    this.memory = memory;
    this.#end = first;
  }

  /** Bytes in use. */
  get bytes(): number {
    return [...this.#used.values()].reduce((a, b) => a + b, 0);
  }

  /** Undefined contents. Throws `out-of-memory`. */
  allocate(bytes: number): number {
    const size = Math.max(ALIGN, Math.ceil(bytes / ALIGN) * ALIGN);
    let i = this.#free.findIndex((span) => span.size >= size);
    if (i < 0) {
      this.#extend(size);
      i = this.#free.length - 1;
    }
    const span = this.#free[i];
    if (!span) throw new VitrineError('internal', 'the heap lost a block');
    const { at } = span;
    span.at += size;
    span.size -= size;
    if (span.size === 0) this.#free.splice(i, 1);
    this.#used.set(at, size);
    return at;
  }

  release(at: number): void {
    const size = this.#used.get(at);
    if (size === undefined) return;
    this.#used.delete(at);
    this.#insert({ at, size });
  }

  /** Makes the last free span at least `size` long. */
  #extend(size: number): void {
    const last = this.#free.at(-1);
    const touching = last && last.at + last.size === this.#end ? last.size : 0;
    const end = this.#end + Math.max(size - touching, STEP);
    const pages = Math.ceil(end / PAGE) - this.memory.buffer.byteLength / PAGE;
    if (pages > 0) {
      try {
        this.memory.grow(pages);
      } catch (cause) {
        throw new VitrineError('out-of-memory', `WASM memory does not grow by ${pages * PAGE} bytes`, { cause });
      }
    }
    const grown = this.memory.buffer.byteLength;
    this.#insert({ at: this.#end, size: grown - this.#end });
    this.#end = grown;
  }

  #insert(span: Span): void {
    let i = this.#free.findIndex((other) => other.at > span.at);
    if (i < 0) i = this.#free.length;
    this.#free.splice(i, 0, span);
    const next = this.#free[i + 1];
    if (next && span.at + span.size === next.at) {
      span.size += next.size;
      this.#free.splice(i + 1, 1);
    }
    const before = this.#free[i - 1];
    if (before && before.at + before.size === span.at) {
      before.size += span.size;
      this.#free.splice(i, 1);
    }
  }
}
