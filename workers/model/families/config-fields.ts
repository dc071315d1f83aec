import type { ActivationName, RopeScaling } from '../../../core/model-config.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import type { JsonObject } from './index.ts';

const bad = (key: string, what: string): VitrineError => new VitrineError('bad-file', `config.json: "${key}" ${what}`);

/** A positive number, or the fallback where the key is absent or null. */
export function number(json: JsonObject, key: string, fallback?: number): number {
  const value = json[key] ?? fallback;
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) throw bad(key, 'is not a positive number');
  return value;
}

/** A positive whole number up to `max`, so that an absurd file fails here and not in an allocation. */
export function size(json: JsonObject, key: string, fallback?: number, max = 10_000_000): number {
  const value = number(json, key, fallback);
  if (!Number.isInteger(value) || value > max) throw bad(key, `is not a whole number up to ${max}`);
  return value;
}

export function flag(json: JsonObject, key: string, fallback: boolean): boolean {
  const value = json[key] ?? fallback;
  if (typeof value !== 'boolean') throw bad(key, 'is not true or false');
  return value;
}

export function tokenId(json: JsonObject, key: string): number | null {
  const value = json[key];
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === 'number' && Number.isInteger(first) && first >= 0 ? first : null;
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
  if (!found) throw bad(key, `"${String(name)}" is not a known nonlinearity`);
  return found;
}

/** `rope_theta` and `rope_scaling`, or both inside `rope_parameters` (transformers 5). */
export function rope(json: JsonObject, defaultBase: number): { readonly base: number; readonly scaling: RopeScaling | null } {
  const nested = isObject(json['rope_parameters']) ? json['rope_parameters'] : {};
  const base = number({ rope_theta: json['rope_theta'] ?? nested['rope_theta'] }, 'rope_theta', defaultBase);
  const scaling = isObject(json['rope_scaling']) ? json['rope_scaling'] : nested;
  const type = scaling['rope_type'] ?? scaling['type'] ?? 'default';
  if (type === 'default') return { base, scaling: null };
  if (type === 'linear') return { base, scaling: { type, factor: number(scaling, 'factor') } };
  if (type === 'llama3') {
    return {
      base,
      scaling: {
        type,
        factor: number(scaling, 'factor'),
        lowFreqFactor: number(scaling, 'low_freq_factor'),
        highFreqFactor: number(scaling, 'high_freq_factor'),
        originalContext: number(scaling, 'original_max_position_embeddings'),
      },
    };
  }
  throw bad('rope_scaling', `of type "${String(type)}" is not supported`);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
