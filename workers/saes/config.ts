import { parseHook, type HookName } from '../../core/hooks.ts';
import { VitrineError } from '../../core/protocol/errors.ts';

type Json = Readonly<Record<string, unknown>>;

/** What `cfg.json` of an SAE says, in the layout of SAELens 6. */
export interface SaeConfig {
  readonly architecture: string;
  readonly dIn: number;
  readonly dSae: number;
  /** Heads are flattened on the way in where the hook has them (`reshape_activations: hook_z`). */
  readonly hookName: HookName;
  readonly applyBDecToInput: boolean;
  /** Active features per row, of `topk`. */
  readonly k: number | null;
}

/**
 * Reads `cfg.json` of SAELens 6, or of earlier versions, whose fields are flat and partly named otherwise. What the
 * engine does not do (input normalisation, one head of a hook …) throws `unsupported-file` instead of giving wrong numbers.
 * Source: `sae_lens/loading` of SAELens 6, in the same order.
 */
export function parseSaeConfig(input: unknown): SaeConfig {
  if (!isObject(input)) throw new VitrineError('bad-file', 'cfg.json is not an object');
  const flat = isOld(input) ? fromOld(input) : input;
  const metadata = isObject(flat['metadata']) ? flat['metadata'] : {};
  const field = (key: string): unknown => metadata[key] ?? flat[key];

  const architecture = field('architecture') ?? 'standard';
  if (typeof architecture !== 'string') throw bad('architecture', 'is not text');
  const hook = field('hook_name');
  if (typeof hook !== 'string' || parseHook(hook) === null) throw unsupported('hook_name', hook);
  if ((field('hook_head_index') ?? null) !== null) throw unsupported('hook_head_index', field('hook_head_index'));
  const normalize = field('normalize_activations') ?? 'none';
  if (normalize !== 'none' && normalize !== false) throw unsupported('normalize_activations', normalize);
  const reshape = field('reshape_activations') ?? 'none';
  if (reshape !== 'none' && reshape !== 'hook_z') throw unsupported('reshape_activations', reshape);
  const activation = field('activation_fn') ?? 'relu';
  if (architecture === 'standard' && activation !== 'relu') throw unsupported('activation_fn', activation);
  if (architecture === 'topk' && field('rescale_acts_by_decoder_norm') === true)
    throw unsupported('rescale_acts_by_decoder_norm', true);
  return {
    architecture,
    dIn: count(field('d_in'), 'd_in'),
    dSae: count(field('d_sae'), 'd_sae'),
    hookName: hook as HookName,
    applyBDecToInput: (field('apply_b_dec_to_input') ?? false) === true,
    k: architecture === 'topk' ? count(field('k'), 'k') : null,
  };
}

/** The version is noted since 4, in the metadata since 6. */
function isOld(cfg: Json): boolean {
  const metadata = isObject(cfg['metadata']) ? cfg['metadata'] : {};
  const version = metadata['sae_lens_version'] ?? cfg['sae_lens_version'];
  return typeof version !== 'string' || !(Number.parseInt(version, 10) >= 6);
}

const RENAMED: Readonly<Record<string, string>> = {
  hook_point: 'hook_name',
  hook_point_head_index: 'hook_head_index',
  activation_fn_str: 'activation_fn',
};

function fromOld(cfg: Json): Json {
  const renamed = Object.fromEntries(Object.entries(cfg).map(([key, value]) => [RENAMED[key] ?? key, value]));
  const kwargs = renamed['activation_fn_kwargs'];
  const topk = renamed['activation_fn'] === 'topk' && isObject(kwargs) && kwargs['k'] !== undefined;
  const metadata = isObject(renamed['metadata']) ? renamed['metadata'] : {};
  return {
    ...metadata,
    apply_b_dec_to_input: true,
    ...renamed,
    ...(topk ? { architecture: 'topk', k: kwargs['k'] } : {}),
  };
}

const MAX_FEATURES = 10_000_000;
function count(value: unknown, key: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > MAX_FEATURES)
    throw bad(key, `is not a whole number from 1 to ${MAX_FEATURES}`);
  return value;
}

const isObject = (x: unknown): x is Json => typeof x === 'object' && x !== null && !Array.isArray(x);
const bad = (key: string, what: string): VitrineError => new VitrineError('bad-file', `cfg.json: "${key}" ${what}`);
const unsupported = (key: string, value: unknown): VitrineError =>
  new VitrineError('unsupported-file', `cfg.json: ${key} = ${JSON.stringify(value) ?? 'nothing'} is not supported`);
