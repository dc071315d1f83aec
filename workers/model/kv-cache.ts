import type { ModelConfig } from '../../core/model-config.ts';
import { tf, writeRows, type KvStore, type Tensor } from '../kernels/index.ts';

const FIRST_CAPACITY = 64;

/** Keys and values of some positions, [batch, pos, kv_head, d_head]; keys are rotated already. */
export interface KvEntry {
  readonly k: Tensor;
  readonly v: Tensor;
}

/**
 * Keys and values of one layer, written in place into a store that doubles when it is full. Layers with a window keep all
 * positions, too: an edit or a look at the pattern may ask for them.
 */
export class KvLayer {
  readonly #batch: number;
  readonly #heads: number;
  readonly #width: number;
  readonly #most: number;
  #store: KvEntry | null = null;
  #filled = 0;

  constructor({ nKvHeads, dHead, nCtx }: ModelConfig, batch: number) {
    this.#batch = batch;
    this.#heads = nKvHeads;
    this.#width = dHead;
    this.#most = nCtx;
  }

  /** Positions that are there. */
  get filled(): number {
    return this.#filled;
  }

  /** The store with room for `more` positions. Belongs to the cache; valid until the next call. */
  reserve(more: number): KvStore {
    const needed = this.#filled + more;
    const capacity = this.#store?.k.shape[1] ?? 0;
    if (!this.#store || needed > capacity) {
      let larger = Math.max(FIRST_CAPACITY, capacity);
      while (larger < needed) larger *= 2;
      this.#grow(Math.max(needed, Math.min(larger, this.#most)));
    }
    const { k, v } = this.#store as KvEntry;
    return { k, v, filled: this.#filled };
  }

  /** Says that the `more` positions after the filled ones have been written. */
  advance(more: number): void {
    this.#filled += more;
  }

  /** Adds positions and returns all that are there now, as tensors of the caller's scope. */
  append({ k, v }: KvEntry): KvEntry {
    const more = k.shape[1] ?? 0;
    const store = this.reserve(more);
    writeRows(store.k, k, this.#filled);
    writeRows(store.v, v, this.#filled);
    this.#filled += more;
    return this.#filled === more ? { k, v } : { k: this.#part(store.k), v: this.#part(store.v) };
  }

  dispose(): void {
    if (this.#store) tf.dispose([this.#store.k, this.#store.v]);
    this.#store = null;
    this.#filled = 0;
  }

  #part(store: Tensor): Tensor {
    return tf.slice(store, [0, 0, 0, 0], [this.#batch, this.#filled, this.#heads, this.#width]);
  }

  #grow(capacity: number): void {
    const before = this.#store;
    const next = (old: Tensor | undefined): Tensor => {
      const store = tf.keep(tf.zeros([this.#batch, capacity, this.#heads, this.#width]));
      if (old && this.#filled > 0) tf.tidy(() => writeRows(store, this.#part(old), 0));
      return store;
    };
    this.#store = { k: next(before?.k), v: next(before?.v) };
    if (before) tf.dispose([before.k, before.v]);
  }
}

/** Keys and values of all layers of one growing batch of sequences. */
export class KvCache {
  readonly #layers: readonly KvLayer[];

  constructor(config: ModelConfig, batch = 1) {
    this.#layers = Array.from({ length: config.nLayers }, () => new KvLayer(config, batch));
  }

  layer(index: number): KvLayer {
    const layer = this.#layers[index];
    if (!layer) throw new RangeError(`no layer ${index}`);
    return layer;
  }

  dispose(): void {
    for (const layer of this.#layers) layer.dispose();
  }
}
