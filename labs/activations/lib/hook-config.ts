import {
  allHooks,
  hookAxes,
  hookShape,
  matchHooks,
  parseHook,
  siteLabel,
  type Axis,
  type HookName,
} from '../../../core/hooks.ts';
import { plainParts, type Family, type ModelConfig } from '../../../core/model-config.ts';

const number = (config: Readonly<Record<string, unknown>>, ...keys: readonly string[]): number | null => {
  for (const key of keys) if (typeof config[key] === 'number') return config[key];
  return null;
};

const LEARNED: readonly Family[] = ['gpt2', 'gpt-neo'];
const GATED: readonly Family[] = ['llama', 'qwen2', 'qwen3', 'gemma2', 'gemma3'];

/**
 * As much of a model's shape as its hooks depend on, from the config.json that its manifest carries; null where a size is
 * missing. The engine reads the whole file by itself.
 */
export function hookConfig(family: string, config: Readonly<Record<string, unknown>>): ModelConfig | null {
  const dModel = number(config, 'hidden_size', 'n_embd');
  const nLayers = number(config, 'num_hidden_layers', 'n_layer');
  const nHeads = number(config, 'num_attention_heads', 'n_head');
  const dVocab = number(config, 'vocab_size');
  const nCtx = number(config, 'max_position_embeddings', 'n_positions');
  if (dModel === null || nLayers === null || nHeads === null || dVocab === null || nCtx === null) return null;
  const known = family as Family;
  return {
    ...plainParts(nLayers),
    family: known,
    nLayers,
    nHeads,
    nKvHeads: number(config, 'num_key_value_heads') ?? nHeads,
    dModel,
    dHead: number(config, 'head_dim') ?? dModel / nHeads,
    dMlp: number(config, 'intermediate_size', 'n_inner') ?? 4 * dModel,
    dVocab,
    nCtx,
    norm: { kind: LEARNED.includes(known) ? 'layerNorm' : 'rmsNorm', eps: 1e-5 },
    positional: LEARNED.includes(known)
      ? { kind: 'learned' }
      : { kind: 'rotary', base: 10_000, dims: 0, scaling: null, local: null },
    mlp: { activation: 'gelu_new', gated: GATED.includes(known) },
    attentionDivisor: 1,
    tiedEmbeddings: false,
    bosTokenId: number(config, 'bos_token_id'),
    eosTokenId: number(config, 'eos_token_id'),
  };
}

export interface HookMatch {
  readonly pattern: string;
  readonly hooks: readonly HookName[];
}

export const matchAll = (patterns: readonly string[], config: ModelConfig): HookMatch[] =>
  patterns.map((pattern) => ({ pattern, hooks: matchHooks(pattern, config) }));

/** Numbers of one position of a hook's activation; patterns count one key per position. */
export function numbersOf(hook: HookName, config: ModelConfig, positions: number): number {
  const address = parseHook(hook);
  return address ? hookShape(address.site, config, 1, positions).reduce((a, b) => a * b, 1) : 0;
}

/** `[pos, head, d_head]`: the axes of an activation as results have them. */
export function axesOf(hook: HookName): readonly Axis[] {
  const address = parseHook(hook);
  return address ? hookAxes(address.site).slice(1) : [];
}

export interface Suggestion {
  readonly pattern: string;
  readonly label: string;
}

/** One pattern per place in a block, then the hooks outside of blocks: what one may want without typing. */
export function suggestions(config: ModelConfig): Suggestion[] {
  const found = new Map<string, Suggestion>();
  for (const hook of allHooks(config, { onRequest: true })) {
    const address = parseHook(hook);
    if (!address) continue;
    // Hooks that are computed only when named exactly cannot be asked for with `*`.
    const everywhere = hook.replace(/^blocks\.\d+\./, 'blocks.*.');
    const pattern = matchHooks(everywhere, config).length > 0 ? everywhere : hook;
    if (!found.has(pattern)) found.set(pattern, { pattern, label: siteLabel(address.site) });
  }
  return [...found.values()];
}
