import { hookName, parseHook, type HookName, type SiteId } from '../../core/hooks.ts';
import type { ModelConfig } from '../../core/model-config.ts';
import type { HookEdit } from '../api.ts';
import { tf, type Tensor } from '../kernels/index.ts';
import { runBlock } from './components/block.ts';
import { embed, embeddings } from './components/embed.ts';
import { rotaryTables, type RotaryTables } from './components/rotary.ts';
import type { KvEntry } from './components/attention.ts';
import type { Hooks } from './hook-run.ts';
import type { Edits, Frame } from './interventions/index.ts';
import type { ModelWeights } from './weights.ts';

/** Rows of tokens, right-padded to one length. */
export interface PaddedTokens {
  readonly ids: Int32Array;
  readonly batch: number;
  readonly length: number;
  readonly lengths: readonly number[];
}

export function padTokens(rows: readonly (readonly number[])[]): PaddedTokens {
  const lengths = rows.map((row) => row.length);
  const length = Math.max(...lengths);
  const ids = new Int32Array(rows.length * length);
  rows.forEach((row, i) => ids.set(row, i * length));
  return { ids, batch: rows.length, length, lengths };
}

/** Hooks of one forward pass: plan edits, then custom edits, then zero probes (gradients), then capture. */
export class HookRun implements Hooks {
  readonly cache: Map<HookName, Tensor> = new Map();
  readonly #edits: Edits;
  readonly #custom: ReadonlyMap<HookName, HookEdit>;
  readonly #capture: ReadonlySet<HookName>;
  readonly frame: Frame;
  /** Added to the activation at their hook; set per block while gradients are taken. */
  probes: ReadonlyMap<HookName, Tensor> = new Map();

  constructor(frame: Frame, edits: Edits, custom: ReadonlyMap<HookName, HookEdit>, capture: Iterable<HookName>) {
    this.frame = frame;
    this.#edits = edits;
    this.#custom = custom;
    this.#capture = new Set(capture);
  }

  wants(site: SiteId, layer: number | null): boolean {
    const name = hookName(site, layer);
    return this.#capture.has(name) || this.#edits.has(name) || this.#custom.has(name) || this.probes.has(name);
  }

  at(site: SiteId, layer: number | null, x: Tensor): Tensor {
    const name = hookName(site, layer);
    let out = x;
    for (const edit of this.#edits.get(name) ?? []) out = edit(out, this.frame);
    const custom = this.#custom.get(name);
    if (custom) out = custom(out, name);
    const probe = this.probes.get(name);
    if (probe) out = tf.add(out, probe);
    if (this.#capture.has(name)) {
      this.cache.get(name)?.dispose();
      this.cache.set(name, tf.keep(tf.clone(out)));
    }
    return out;
  }

  dispose(): void {
    tf.dispose([...this.cache.values()]);
    this.cache.clear();
  }
}

/** 1 where query may see key: causal, and never a padded key. [batch or 1, 1, query, key]. */
export function attentionMask({ batch, length, lengths }: PaddedTokens, offset: number): Tensor {
  const keys = offset + length;
  const padded = lengths.some((n) => n < length);
  const rows = padded ? batch : 1;
  const mask = new Float32Array(rows * length * keys);
  for (let b = 0; b < rows; b++) {
    const last = padded ? offset + (lengths[b] ?? length) : keys;
    for (let q = 0; q < length; q++)
      mask.fill(1, (b * length + q) * keys, (b * length + q) * keys + Math.min(offset + q + 1, last));
  }
  return tf.tensor4d(mask, [rows, 1, length, keys]);
}

export interface BlocksInput {
  readonly weights: ModelWeights;
  readonly config: ModelConfig;
  readonly tokens: PaddedTokens;
  readonly hooks: Hooks;
  readonly offset: number;
  /** Keys and values of earlier positions, one per layer; replaced by longer ones. */
  readonly kv?: (KvEntry | null)[];
}

/** Masks and tables that all blocks of a pass share; disposed by the caller. */
export function sharedTensors(
  config: ModelConfig,
  tokens: PaddedTokens,
  offset: number,
): { readonly allowed: Tensor; readonly rotary: RotaryTables | null; dispose(): void } {
  const allowed = attentionMask(tokens, offset);
  const rotary = rotaryTables(config, offset, tokens.length);
  return { allowed, rotary, dispose: () => tf.dispose([allowed, ...(rotary ? [rotary.cos, rotary.sin] : [])]) };
}

export function firstResidual({ weights, tokens, hooks, offset }: BlocksInput): Tensor {
  return tf.tidy(() => embed(embeddings(tokens.ids, tokens.batch, tokens.length, offset, weights), hooks));
}

/** Runs blocks `from` … `to` − 1, one tidy each, letting the caller breathe in between. Disposes of `x`. */
export async function runBlocks(
  x: Tensor,
  input: BlocksInput,
  from: number,
  to: number,
  checkpoint?: () => Promise<void>,
): Promise<Tensor> {
  const shared = sharedTensors(input.config, input.tokens, input.offset);
  let current = x;
  try {
    for (let layer = from; layer < to; layer++) {
      if (checkpoint) await checkpoint();
      const block = input.weights.blocks[layer];
      if (!block) throw new RangeError(`no block ${layer}`);
      const past = input.kv?.[layer] ?? null;
      let grown: KvEntry | null = null;
      const next = tf.tidy(() => {
        const { out, kv } = runBlock(current, block, {
          config: input.config,
          hooks: input.hooks,
          layer,
          allowed: shared.allowed,
          rotary: shared.rotary,
          past,
        });
        if (input.kv) grown = { k: tf.keep(tf.clone(kv.k)), v: tf.keep(tf.clone(kv.v)) };
        return out === current ? tf.clone(out) : out;
      });
      if (input.kv) {
        input.kv[layer] = grown;
        if (past) tf.dispose([past.k, past.v]);
      }
      current.dispose();
      current = next;
    }
    return current;
  } catch (error) {
    current.dispose();
    throw error;
  } finally {
    shared.dispose();
  }
}

export function layerOf(hook: HookName): number | null {
  return parseHook(hook)?.layer ?? null;
}
