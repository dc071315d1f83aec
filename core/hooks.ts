import type { ModelConfig } from './model-config.ts';

declare const hookBrand: unique symbol;
/** A TransformerLens hook name that `parseHook` accepted, e.g. `blocks.2.attn.hook_z`. */
export type HookName = string & { readonly [hookBrand]: true };

/** Names of tensor axes, as shown beside every picture and in every file. */
export type Axis =
  | 'batch'
  | 'pos'
  | 'query'
  | 'key'
  | 'head'
  | 'kv_head'
  | 'd_model'
  | 'd_head'
  | 'd_mlp'
  | 'd_vocab'
  | 'd_sae'
  | 'one'
  | 'layer'
  | 'rank'
  | 'feature'
  | 'stat'
  | 'prompt'
  | 'step'
  | 'bin';

interface SiteDefinition {
  /** Name inside a block (`attn.hook_q`) or, where `global`, the whole name. */
  readonly name: string;
  readonly axes: readonly Axis[];
  readonly global?: true;
  readonly plain: string;
  /** Sites that exist only in some models, or cost extra and are computed only when asked for. */
  readonly when?: (config: ModelConfig) => boolean;
  readonly onRequest?: true;
}

const RESID = ['batch', 'pos', 'd_model'] as const;
const SCALE = ['batch', 'pos', 'one'] as const;
const HEADS = ['batch', 'pos', 'head', 'd_head'] as const;
const KV_HEADS = ['batch', 'pos', 'kv_head', 'd_head'] as const;
const SCORES = ['batch', 'head', 'query', 'key'] as const;
const SPLIT = ['batch', 'pos', 'head', 'd_model'] as const;
const SPLIT_KV = ['batch', 'pos', 'kv_head', 'd_model'] as const;
const MLP = ['batch', 'pos', 'd_mlp'] as const;
const rotary = (c: ModelConfig): boolean => c.positional.kind === 'rotary';
const gated = (c: ModelConfig): boolean => c.mlp.gated;
const sequential = (c: ModelConfig): boolean => !c.parallel;

/**
 * Every hook of a decoder-only transformer, in the order in which a forward pass reaches them.
 * Names, meaning and axes are TransformerLens' (`HookedTransformer`, no weight processing); `onRequest` hooks are
 * those that TransformerLens computes only with `use_split_qkv_input`, `use_hook_mlp_in` or `use_attn_result`, and
 * `mlp.hook_in` and `mlp.hook_out`, which SAELens and circuit-tracer add: what the MLP itself reads (after the gain of
 * ln2, where `hook_mlp_in` is the residual before ln2) and writes (before Gemma's norm, after which `hook_mlp_out` is).
 * Queries and keys are hooked before norms of their own and before rotation (`hook_q`), and after both (`hook_rot_q`).
 * With parallel residuals, MLP and attention read the same `hook_resid_pre`, and there is no `hook_resid_mid`.
 */
export type SiteId =
  | 'embed'
  | 'pos_embed'
  | 'resid_pre'
  | 'q_input'
  | 'k_input'
  | 'v_input'
  | 'ln1_scale'
  | 'ln1_normalized'
  | 'q'
  | 'k'
  | 'v'
  | 'rot_q'
  | 'rot_k'
  | 'attn_scores'
  | 'pattern'
  | 'z'
  | 'result'
  | 'attn_out'
  | 'resid_mid'
  | 'mlp_in'
  | 'ln2_scale'
  | 'ln2_normalized'
  | 'mlp_hook_in'
  | 'mlp_pre'
  | 'mlp_pre_linear'
  | 'mlp_post'
  | 'mlp_hook_out'
  | 'mlp_out'
  | 'resid_post'
  | 'final_scale'
  | 'final_normalized';

const SITES: Readonly<Record<SiteId, SiteDefinition>> = {
  embed: { name: 'hook_embed', axes: RESID, global: true, plain: 'token embedding' },
  pos_embed: {
    name: 'hook_pos_embed',
    axes: RESID,
    global: true,
    plain: 'position embedding',
    when: (c) => c.positional.kind === 'learned',
  },
  resid_pre: { name: 'hook_resid_pre', axes: RESID, plain: 'residual stream before the block' },
  q_input: { name: 'hook_q_input', axes: SPLIT, plain: 'residual read by each query', onRequest: true },
  k_input: { name: 'hook_k_input', axes: SPLIT_KV, plain: 'residual read by each key', onRequest: true },
  v_input: { name: 'hook_v_input', axes: SPLIT_KV, plain: 'residual read by each value', onRequest: true },
  ln1_scale: { name: 'ln1.hook_scale', axes: SCALE, plain: 'scale of the first norm' },
  ln1_normalized: { name: 'ln1.hook_normalized', axes: RESID, plain: 'output of the first norm' },
  q: { name: 'attn.hook_q', axes: HEADS, plain: 'queries' },
  k: { name: 'attn.hook_k', axes: KV_HEADS, plain: 'keys' },
  v: { name: 'attn.hook_v', axes: KV_HEADS, plain: 'values' },
  rot_q: { name: 'attn.hook_rot_q', axes: HEADS, plain: 'queries after rotation', when: rotary },
  rot_k: { name: 'attn.hook_rot_k', axes: KV_HEADS, plain: 'keys after rotation', when: rotary },
  attn_scores: { name: 'attn.hook_attn_scores', axes: SCORES, plain: 'attention scores' },
  pattern: { name: 'attn.hook_pattern', axes: SCORES, plain: 'attention pattern' },
  z: { name: 'attn.hook_z', axes: HEADS, plain: 'mixed values of each head' },
  result: { name: 'attn.hook_result', axes: SPLIT, plain: 'what each head writes', onRequest: true },
  attn_out: { name: 'hook_attn_out', axes: RESID, plain: 'what attention writes' },
  resid_mid: { name: 'hook_resid_mid', axes: RESID, plain: 'residual stream inside the block', when: sequential },
  mlp_in: { name: 'hook_mlp_in', axes: RESID, plain: 'residual read by the MLP', onRequest: true },
  ln2_scale: { name: 'ln2.hook_scale', axes: SCALE, plain: 'scale of the second norm' },
  ln2_normalized: { name: 'ln2.hook_normalized', axes: RESID, plain: 'output of the second norm' },
  mlp_hook_in: { name: 'mlp.hook_in', axes: RESID, plain: 'input of the MLP, normed', onRequest: true },
  mlp_pre: { name: 'mlp.hook_pre', axes: MLP, plain: 'neurons before the nonlinearity' },
  mlp_pre_linear: { name: 'mlp.hook_pre_linear', axes: MLP, plain: 'linear branch of the gated MLP', when: gated },
  mlp_post: { name: 'mlp.hook_post', axes: MLP, plain: 'neurons' },
  mlp_hook_out: { name: 'mlp.hook_out', axes: RESID, plain: 'output of the MLP, before its own norm', onRequest: true },
  mlp_out: { name: 'hook_mlp_out', axes: RESID, plain: 'what the MLP writes' },
  resid_post: { name: 'hook_resid_post', axes: RESID, plain: 'residual stream after the block' },
  final_scale: { name: 'ln_final.hook_scale', axes: SCALE, global: true, plain: 'scale of the final norm' },
  final_normalized: { name: 'ln_final.hook_normalized', axes: RESID, global: true, plain: 'output of the final norm' },
};

/** Sites in the order in which a forward pass reaches them. */
export const SITE_IDS: readonly SiteId[] = Object.keys(SITES) as SiteId[];
const definition = (site: SiteId): SiteDefinition => SITES[site];
const byName: ReadonlyMap<string, SiteId> = new Map(
  SITE_IDS.map((id) => [(definition(id).global ? '' : 'block:') + definition(id).name, id]),
);

export interface HookAddress {
  readonly site: SiteId;
  /** Block index from 0; null for the hooks outside of the blocks. */
  readonly layer: number | null;
}

/** Parses a hook name; null if it is not one. `blocks.03.…` and the like are refused so that names stay unique. */
export function parseHook(text: string): HookAddress | null {
  const block = /^blocks\.(0|[1-9]\d{0,3})\.(.+)$/.exec(text);
  const site = block ? byName.get('block:' + (block[2] ?? '')) : byName.get(text);
  if (site === undefined) return null;
  return { site, layer: block ? Number(block[1]) : null };
}

/** The hook's name. Throws a RangeError where a block site lacks its layer, or a global site has one. */
export function hookName(site: SiteId, layer: number | null = null): HookName {
  const d = definition(site);
  if ((layer === null) !== (d.global === true)) throw new RangeError(`${d.name}: layer ${String(layer)} does not fit`);
  return (d.global ? d.name : `blocks.${String(layer)}.${d.name}`) as HookName;
}

/** Narrows a string to a HookName; throws a RangeError if it is not one. */
export function asHook(text: string): HookName {
  if (!parseHook(text)) throw new RangeError(`not a hook name: ${text}`);
  return text as HookName;
}

export function hookAxes(site: SiteId): readonly Axis[] {
  return definition(site).axes;
}

export function siteLabel(site: SiteId): string {
  return definition(site).plain;
}

/** Whether this model has the hook at all (right layer range, rotary, gated, a residual in the middle …). */
export function hookExists(address: HookAddress, config: ModelConfig): boolean {
  const d = definition(address.site);
  if (d.when && !d.when(config)) return false;
  return address.layer === null ? d.global === true : d.global !== true && address.layer < config.nLayers;
}

/** All hooks of a model in forward order. `onRequest` hooks only if asked for. */
export function allHooks(config: ModelConfig, options: { onRequest?: boolean } = {}): HookName[] {
  const keep = (site: SiteId): boolean => {
    const d = definition(site);
    return (!d.when || d.when(config)) && (options.onRequest === true || d.onRequest !== true);
  };
  const globals = SITE_IDS.filter((s) => definition(s).global && keep(s));
  const inBlock = SITE_IDS.filter((s) => !definition(s).global && keep(s));
  const blocks = Array.from({ length: config.nLayers }, (_, layer) => inBlock.map((s) => hookName(s, layer))).flat();
  const before = globals.filter((s) => !s.startsWith('final')).map((s) => hookName(s));
  return [...before, ...blocks, ...globals.filter((s) => s.startsWith('final')).map((s) => hookName(s))];
}

/** Size of an axis, given the batch and the number of positions. */
export function axisSize(axis: Axis, config: ModelConfig, batch: number, positions: number): number {
  const sizes: Partial<Record<Axis, number>> = {
    batch,
    pos: positions,
    query: positions,
    key: positions,
    head: config.nHeads,
    kv_head: config.nKvHeads,
    d_model: config.dModel,
    d_head: config.dHead,
    d_mlp: config.dMlp,
    d_vocab: config.dVocab,
    one: 1,
    layer: config.nLayers,
  };
  const size = sizes[axis];
  if (size === undefined) throw new RangeError(`axis ${axis} has no size in a model`);
  return size;
}

export function hookShape(site: SiteId, config: ModelConfig, batch: number, positions: number): number[] {
  return hookAxes(site).map((axis) => axisSize(axis, config, batch, positions));
}

/**
 * Hooks that a pattern names: an exact name, or a glob in which `*` stands for any run of characters without a dot and
 * `**` for any run at all (`blocks.*.hook_resid_post`, `blocks.2.**`). Never throws; an empty list means no match.
 */
export function matchHooks(pattern: string, config: ModelConfig): HookName[] {
  const escaped = pattern
    .trim()
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*/g, '\u0000')
    .replace(/\*/g, '[^.]*')
    .replaceAll('\u0000', '.*');
  const expression = new RegExp(`^${escaped}$`);
  const names = allHooks(config, { onRequest: true });
  const isExact = !pattern.includes('*');
  return names.filter((name) => expression.test(name) && (isExact || !definition(parseHook(name)?.site ?? 'embed').onRequest));
}
