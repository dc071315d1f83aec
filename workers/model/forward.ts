import { hookName, parseHook, SITE_IDS, type HookName, type SiteId } from '../../core/hooks.ts';
import type { ModelConfig, Rotary } from '../../core/model-config.ts';
import type { HookEdit } from '../api.ts';
import { fusedBlock, tf, type Tensor } from '../kernels/index.ts';
import { runBlock } from './components/block.ts';
import { embed, embeddings } from './components/embed.ts';
import { rotaryTables, type RotaryTables } from './components/rotary.ts';
import type { Hooks } from './hook-run.ts';
import type { Edits, Frame } from './interventions/index.ts';
import type { KvCache } from './kv-cache.ts';
import type { BlockWeights, ModelWeights } from './weights.ts';

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

/**
 * 1 where query may see key: causal, never a padded key, and with a window only the last `window` keys, the query's own
 * position included. [batch or 1, 1, query, key].
 */
export function attentionMask({ batch, length, lengths }: PaddedTokens, offset: number, window: number | null = null): Tensor {
  const keys = offset + length;
  const padded = lengths.some((n) => n < length);
  const rows = padded ? batch : 1;
  const mask = new Float32Array(rows * length * keys);
  for (let b = 0; b < rows; b++) {
    const last = padded ? offset + (lengths[b] ?? length) : keys;
    for (let q = 0; q < length; q++) {
      const row = (b * length + q) * keys;
      const from = window === null ? 0 : Math.max(0, offset + q + 1 - window);
      const to = Math.min(offset + q + 1, last);
      if (from < to) mask.fill(1, row + from, row + to);
    }
  }
  return tf.tensor4d(mask, [rows, 1, length, keys]);
}

export interface BlocksInput {
  readonly weights: ModelWeights;
  readonly config: ModelConfig;
  readonly tokens: PaddedTokens;
  readonly hooks: Hooks;
  readonly offset: number;
  /** Keys and values of earlier positions; those of this pass are added. */
  readonly kv?: KvCache;
}

/** Masks and tables that blocks of a pass share, by layer; disposed by the caller. */
export interface SharedTensors {
  /** See `AttentionContext.allowed`. */
  allowed(layer: number): Tensor;
  rotary(layer: number): RotaryTables | null;
  dispose(): void;
}

export function sharedTensors(config: ModelConfig, tokens: PaddedTokens, offset: number): SharedTensors {
  const { windows, positional } = config;
  const tables = (of: Rotary, dims: number): RotaryTables => rotaryTables(of, dims, offset, tokens.length);
  // A window that holds every key of this pass is none.
  const effective = windows.map((w) => (w !== null && w < offset + tokens.length ? w : null));
  const masks = new Map([...new Set(effective)].map((w) => [w, attentionMask(tokens, offset, w)]));
  const everywhere = positional.kind === 'rotary' ? tables(positional, positional.dims) : null;
  const local =
    positional.kind === 'rotary' && positional.local && windows.some((w) => w !== null)
      ? tables(positional.local, positional.dims)
      : everywhere;
  return {
    allowed(layer) {
      const mask = masks.get(effective[layer] ?? null);
      if (!mask) throw new RangeError(`no block ${layer}`);
      return mask;
    },
    rotary: (layer) => ((windows[layer] ?? null) === null ? everywhere : local),
    dispose: () =>
      tf.dispose([...masks.values(), ...[...new Set([everywhere, local])].flatMap((t) => (t ? [t.cos, t.sin] : []))]),
  };
}

export function firstResidual({ weights, config, tokens, hooks, offset }: BlocksInput): Tensor {
  return tf.tidy(() => embed(embeddings(tokens.ids, tokens.batch, tokens.length, offset, weights, config), hooks));
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
      const next = tf.tidy(() => {
        const out = oneBlock(current, block, layer, input, shared);
        return out === current ? tf.clone(out) : out;
      });
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

/** Hooks between a block's input and its output. */
const OUTSIDE: ReadonlySet<SiteId> = new Set([
  'embed',
  'pos_embed',
  'resid_pre',
  'resid_post',
  'final_scale',
  'final_normalized',
]);
const INSIDE: readonly SiteId[] = SITE_IDS.filter((site) => !OUTSIDE.has(site));

/** One block: in a few kernels where nobody listens inside and the backend can, else step by step through all hooks. */
function oneBlock(x: Tensor, block: BlockWeights, layer: number, input: BlocksInput, shared: SharedTensors): Tensor {
  const { config, hooks, offset, tokens } = input;
  const kv = input.kv?.layer(layer) ?? null;
  const stepwise = (from: Tensor, heard: Hooks): Tensor =>
    runBlock(from, block, { config, hooks: heard, layer, allowed: shared.allowed(layer), rotary: shared.rotary(layer), kv });
  if (INSIDE.some((site) => hooks.wants(site, layer))) return stepwise(x, hooks);
  const pre = hooks.at('resid_pre', layer, x);
  const store = kv?.reserve(tokens.length) ?? null;
  const out = fusedBlock(pre, block, { config, layer, offset, lengths: tokens.lengths, rotary: shared.rotary(layer), kv: store });
  if (out) {
    kv?.advance(tokens.length);
    return hooks.at('resid_post', layer, out);
  }
  const afterPre: Hooks = {
    wants: (site, at) => hooks.wants(site, at),
    at: (site, at, value) => (site === 'resid_pre' ? value : hooks.at(site, at, value)),
  };
  return stepwise(pre, afterPre);
}

export function layerOf(hook: HookName): number | null {
  return parseHook(hook)?.layer ?? null;
}
