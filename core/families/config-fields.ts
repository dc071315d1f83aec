import type { ActivationName, ModelConfig, RopeScaling, Rotary } from '../model-config.ts';
import { VitrineError } from '../protocol/errors.ts';
import type { JsonObject } from './index.ts';

export const badField = (key: string, what: string): VitrineError =>
  new VitrineError('bad-file', `config.json: "${key}" ${what}`);
export const unsupportedField = (key: string, what: string): VitrineError =>
  new VitrineError('unsupported-file', `config.json: "${key}" ${what}`);

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A positive number, or the fallback where the key is absent or null. */
export function number(json: JsonObject, key: string, fallback?: number): number {
  const value = json[key] ?? fallback;
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) throw badField(key, 'is not a positive number');
  return value;
}

/** As `number`, but null where the key is absent or null. */
export function maybeNumber(json: JsonObject, key: string): number | null {
  return (json[key] ?? null) === null ? null : number(json, key);
}

/** A positive whole number up to `max`, so that an absurd file fails here and not in an allocation. */
export function size(json: JsonObject, key: string, fallback?: number, max = 10_000_000): number {
  const value = number(json, key, fallback);
  if (!Number.isInteger(value) || value > max) throw badField(key, `is not a whole number up to ${max}`);
  return value;
}

export const layerCount = (json: JsonObject, key: string, fallback?: number): number => size(json, key, fallback, 1_000);

export function flag(json: JsonObject, key: string, fallback: boolean): boolean {
  const value = json[key] ?? fallback;
  if (typeof value !== 'boolean') throw badField(key, 'is not true or false');
  return value;
}

export function tokenId(json: JsonObject, key: string): number | null {
  const value = json[key];
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === 'number' && Number.isInteger(first) && first >= 0 ? first : null;
}

/** Width of a head where the heads share the residual stream's dimensions out. */
export function headWidth(dModel: number, nHeads: number): number {
  if (dModel % nHeads !== 0)
    throw new VitrineError('bad-file', `config.json: ${nHeads} heads do not divide ${dModel} dimensions`);
  return dModel / nHeads;
}

export function checkGroups(nHeads: number, nKvHeads: number): void {
  if (nHeads % nKvHeads !== 0)
    throw new VitrineError('bad-file', `config.json: ${nKvHeads} key/value heads do not divide ${nHeads} heads`);
}

const ACTIVATIONS: Readonly<Record<string, ActivationName>> = {
  gelu_new: 'gelu_new',
  gelu_pytorch_tanh: 'gelu_new',
  gelu: 'gelu',
  silu: 'silu',
  swish: 'silu',
  relu: 'relu',
};

export function activation(json: JsonObject, key: string, fallback: string): ActivationName {
  const name = json[key] ?? fallback;
  const found = typeof name === 'string' ? ACTIVATIONS[name] : undefined;
  if (!found) throw badField(key, `"${String(name)}" is not a known nonlinearity`);
  return found;
}

const LAYER_TYPES: Readonly<Record<string, 'full' | 'sliding'>> = {
  full_attention: 'full',
  sliding_attention: 'sliding',
};

/**
 * The window of each layer: `layer_types` where the file has them, else what the family's older files leave to a rule.
 * @param isSliding whether layer i has the window, for files without `layer_types`
 */
export function windows(
  json: JsonObject,
  nLayers: number,
  window: number | null,
  isSliding: (layer: number) => boolean,
): (number | null)[] {
  const types = json['layer_types'] ?? null;
  if (types !== null && (!Array.isArray(types) || types.length !== nLayers))
    throw badField('layer_types', `does not list ${nLayers} layers`);
  return Array.from({ length: nLayers }, (_, layer) => {
    if (types === null) return isSliding(layer) ? window : null;
    const type = LAYER_TYPES[String((types as unknown[])[layer])];
    if (!type) throw unsupportedField('layer_types', `has "${String((types as unknown[])[layer])}", which is not known`);
    if (type === 'sliding' && window === null) throw badField('sliding_window', 'is missing');
    return type === 'sliding' ? window : null;
  });
}

/**
 * Rotation, in the key styles of all versions: `rope_theta` and `rope_scaling`, or both inside `rope_parameters`
 * (transformers 5), which may be nested per type of layer.
 * @param layers whose entry to take where `rope_parameters` is nested
 */
export function rope(json: JsonObject, defaultBase: number, layers = 'full_attention'): Rotary {
  const outer = isObject(json['rope_parameters']) ? json['rope_parameters'] : {};
  const nested = isObject(outer[layers]) ? outer[layers] : outer;
  const base = number({ rope_theta: nested['rope_theta'] ?? json['rope_theta'] }, 'rope_theta', defaultBase);
  const scaling = isObject(json['rope_scaling']) ? json['rope_scaling'] : nested;
  const context = json['max_position_embeddings'];
  return { base, scaling: ropeScaling({ original_max_position_embeddings: context, ...scaling }) };
}

function ropeScaling(scaling: JsonObject): RopeScaling | null {
  const type = scaling['rope_type'] ?? scaling['type'] ?? 'default';
  // Dynamic scaling changes nothing within the context that the file states, and no further are texts read.
  if (type === 'default' || type === 'dynamic') return null;
  if (type === 'linear') return { type, factor: number(scaling, 'factor') };
  if (type === 'llama3') {
    return {
      type,
      factor: number(scaling, 'factor'),
      lowFreqFactor: number(scaling, 'low_freq_factor'),
      highFreqFactor: number(scaling, 'high_freq_factor'),
      originalContext: number(scaling, 'original_max_position_embeddings'),
    };
  }
  if (type === 'factors') return { type, factors: factorList(scaling['factors']) };
  if (type === 'yarn') return yarn(scaling);
  throw new VitrineError('unsupported-file', `config.json: "rope_scaling" of type "${String(type)}" is not supported`, {
    hint: 'Known are linear, llama3, yarn and dynamic: choose a model of this family with one of these, or one for shorter texts.',
  });
}

/** Source: arXiv 2309.00071; defaults are those of transformers. */
function yarn(scaling: JsonObject): RopeScaling {
  const originalContext = number(scaling, 'original_max_position_embeddings');
  const factor = number(scaling, 'factor');
  const grown = (by: number): number => (factor <= 1 ? 1 : 0.1 * by * Math.log(factor) + 1);
  const [scale, scaleAll] = [maybeNumber(scaling, 'mscale'), maybeNumber(scaling, 'mscale_all_dim')];
  return {
    type: 'yarn',
    factor,
    originalContext,
    betaFast: number(scaling, 'beta_fast', 32),
    betaSlow: number(scaling, 'beta_slow', 1),
    attentionFactor:
      maybeNumber(scaling, 'attention_factor') ??
      (scale !== null && scaleAll !== null ? grown(scale) / grown(scaleAll) : grown(1)),
    truncate: flag(scaling, 'truncate', true),
  };
}

/** Not a type of Hugging Face's: how a GGUF file's `rope_freqs.weight` is handed on. */
function factorList(value: unknown): number[] {
  const isFactor = (x: unknown): x is number => typeof x === 'number' && Number.isFinite(x) && x > 0;
  if (!Array.isArray(value) || !value.every(isFactor)) throw badField('rope_scaling', 'holds no list of positive factors');
  return value;
}

/** What all checkpoints with Llama's key names say in the same words; `defaults` are those of the family's own class. */
export function llamaLike(
  json: JsonObject,
  defaults: { readonly tied: boolean; readonly eps: number; readonly headDim?: number; readonly nCtx?: number },
): Pick<
  ModelConfig,
  | 'nLayers'
  | 'nHeads'
  | 'nKvHeads'
  | 'dModel'
  | 'dHead'
  | 'dMlp'
  | 'dVocab'
  | 'nCtx'
  | 'norm'
  | 'tiedEmbeddings'
  | 'bosTokenId'
  | 'eosTokenId'
> {
  const dModel = size(json, 'hidden_size');
  const nHeads = size(json, 'num_attention_heads');
  const nKvHeads = size(json, 'num_key_value_heads', nHeads);
  checkGroups(nHeads, nKvHeads);
  return {
    nLayers: layerCount(json, 'num_hidden_layers'),
    nHeads,
    nKvHeads,
    dModel,
    dHead:
      (json['head_dim'] ?? defaults.headDim ?? null) === null
        ? headWidth(dModel, nHeads)
        : size(json, 'head_dim', defaults.headDim),
    dMlp: size(json, 'intermediate_size'),
    dVocab: size(json, 'vocab_size'),
    nCtx: size(json, 'max_position_embeddings', defaults.nCtx),
    norm: { kind: 'rmsNorm', eps: number(json, 'rms_norm_eps', defaults.eps) },
    tiedEmbeddings: flag(json, 'tie_word_embeddings', defaults.tied),
    bosTokenId: tokenId(json, 'bos_token_id'),
    eosTokenId: tokenId(json, 'eos_token_id'),
  };
}
