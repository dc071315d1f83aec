import { appendFileSync, mkdirSync } from 'node:fs';
import { expect } from 'vitest';
import { readSafetensors } from '../../core/files/safetensors.ts';
import type { HookName } from '../../core/hooks.ts';
import type { Intervention } from '../../core/interventions.ts';
import type { Metric } from '../../core/metrics.ts';
import type { BackendName, ModelConfig, Quantization } from '../../core/model-config.ts';
import type { HookedModel, Sae, TokenBatch } from '../api.ts';
import { readMany, type Tensor } from '../kernels/index.ts';
import { familyOf, type JsonObject } from '../model/families/index.ts';
import { createHookedModel } from '../model/hooked-model.ts';
import { WeightLoader, type WeightSource } from '../model/weights.ts';
import { createSae } from '../saes/sae.ts';
import { SafetensorsSource } from '../weights/safetensors-source.ts';
import { goldenBytes as bytes, type Golden } from './golden-files.ts';
import { relativeError } from './numbers.ts';
import { NO_TOKENIZER } from './tiny-models.ts';

export { goldenBytes as bytes, readGolden, readGoldenJson, type Golden } from './golden-files.ts';

interface Plan {
  readonly interventions: readonly Intervention[];
  readonly prompts: TokenBatch;
}
/** Meta of `tiny-gpt2`, `tiny-llama` and the other families' checkpoints. */
export interface TinyMeta {
  readonly rows: TokenBatch;
  readonly prompts: TokenBatch;
  readonly hooks: readonly HookName[];
  readonly variants: Readonly<Record<string, JsonObject>>;
  readonly gradients: Readonly<
    Record<string, { readonly metric: Metric; readonly hooks: readonly HookName[]; readonly plan?: Plan }>
  >;
  readonly cases: Readonly<Record<string, { readonly interventions: readonly Intervention[] }>>;
}

export const tinySaeNames = ['jumprelu', 'jumprelu_z', 'standard', 'topk'] as const;

/** An SAE in SAELens' own files. */
export function goldenSae(name: string, quantization: Quantization = 'f32'): Promise<Sae> {
  const cfg: unknown = JSON.parse(new TextDecoder().decode(bytes('tiny-saes', name, 'cfg.json')));
  const source = new SafetensorsSource([bytes('tiny-saes', name, 'sae_weights.safetensors')]);
  return createSae({ id: `tiny/${name}`, config: cfg, source, quantization, digest: 'none' });
}

/** The families beside gpt2 and llama, of which the goldens hold less; all have them. */
export const FURTHER_FAMILIES = ['qwen2', 'qwen3', 'gemma2', 'gemma3', 'gpt-neox', 'gpt-neo'] as const;
export type GoldenFamily = 'gpt2' | 'llama' | (typeof FURTHER_FAMILIES)[number];

export function goldenConfig(family: GoldenFamily): JsonObject {
  return JSON.parse(new TextDecoder().decode(bytes(`tiny-${family}`, 'config.json'))) as JsonObject;
}

/**
 * The tiny checkpoint of a family on the open backend, with the tiny SAEs at hand.
 * @param change instead of these fields of config.json
 * @param rename how the checkpoint's tensors are called, given the names that the file has
 */
export async function goldenModel(
  family: GoldenFamily,
  quantization: Quantization = 'f32',
  change: JsonObject = {},
  rename?: (tensor: string) => string,
): Promise<HookedModel> {
  const json = { ...goldenConfig(family), ...change };
  const definition = familyOf(json);
  const config = definition.parseConfig(json);
  const file = new SafetensorsSource([bytes(`tiny-${family}`, 'model.safetensors')]);
  const source = rename ? renamed(file, bytes(`tiny-${family}`, 'model.safetensors'), rename) : file;
  const weights = await definition.load(new WeightLoader(source, quantization), config);
  const saes = new Map<string, Sae>();
  const sae = async (id: string): Promise<Sae> => {
    const found = saes.get(id) ?? (await goldenSae(id.replace('tiny/', '')));
    saes.set(id, found);
    return found;
  };
  return createHookedModel({ id: `tiny-${family}`, config, weights, tokenizer: NO_TOKENIZER, quantization, digest: 'none', sae });
}

/** The same tensors under other names. */
function renamed(source: WeightSource, file: Uint8Array, rename: (tensor: string) => string): WeightSource {
  const own = new Map([...readSafetensors(file).tensors.keys()].map((name) => [rename(name), name]));
  const nameOf = (name: string): string => own.get(name) ?? `no ${name}`;
  return {
    has: (name) => own.has(name),
    vector: (name) => source.vector(nameOf(name)),
    shape: (name, options) => source.shape(nameOf(name), options),
    matrix: (name, options) => source.matrix(nameOf(name), options),
    pieces: (name, options) => source.pieces(nameOf(name), options),
  };
}

/** Hooks that are copies of another, which alone the goldens hold: of which, and how many copies stand side by side. */
export function copied(hook: HookName, { nHeads, nKvHeads, parallel }: ModelConfig): { of: HookName; times: number } | null {
  const [, block, name] = /^(blocks\.\d+\.)(.+)$/.exec(hook) ?? [];
  const pre = `${block}hook_resid_pre` as HookName;
  if (name === 'hook_mlp_in') return { of: parallel ? pre : (`${block}hook_resid_mid` as HookName), times: 1 };
  const times = { hook_q_input: nHeads, hook_k_input: nKvHeads, hook_v_input: nKvHeads }[name ?? ''];
  return times === undefined ? null : { of: pre, times };
}

/** What a hook should hold, from the golden of all rows; split inputs repeat the residual stream for each head. */
export function goldenAct<Meta>(golden: Golden<Meta>, hook: HookName, config: ModelConfig): Float32Array {
  const copy = copied(hook, config);
  if (!copy) return golden.values(`act/${hook}`);
  const original = golden.values(`act/${copy.of}`);
  const d = config.dModel;
  return Float32Array.from(
    { length: original.length * copy.times },
    (_, i) => original[Math.floor(i / d / copy.times) * d + (i % d)]!,
  );
}

/**
 * The values of each row's own tokens, one row after the other, as goldens store them. Scores and patterns
 * [batch, head, query, key] lose padded queries and keys, everything else [batch, pos, …] padded positions.
 */
export async function ownValues(x: Tensor, lengths: readonly number[]): Promise<Float32Array> {
  const [data = new Float32Array(0)] = await readMany([x]);
  const out: number[] = [];
  const [, , queries = 0, keys = 0] = x.shape;
  const square = x.shape.length === 4 && queries === keys && queries === Math.max(...lengths);
  const perRow = x.size / lengths.length;
  for (const [row, n] of lengths.entries()) {
    const at = row * perRow;
    if (!square) {
      const width = perRow / (x.shape[1] ?? 1);
      for (let i = 0; i < n * width; i++) out.push(data[at + i]!);
      continue;
    }
    for (let h = 0; h < (x.shape[1] ?? 0); h++)
      for (let q = 0; q < n; q++) for (let k = 0; k < n; k++) out.push(data[at + (h * queries + q) * keys + k]!);
  }
  return Float32Array.from(out);
}

/** As `relativeError`, where pairs that may not attend have −∞ in the golden and a very negative score here. */
export function goldenError(actual: Float32Array, expected: Float32Array): number {
  const blocked = (x: number): boolean => x < -1e8;
  if (actual.length !== expected.length || expected.some((x, i) => blocked(x) !== blocked(actual[i]!))) return Infinity;
  return relativeError(
    actual.map((x) => (blocked(x) ? 0 : x)),
    expected.map((x) => (blocked(x) ? 0 : x)),
  );
}

/** Ids of the k largest logits, largest first. */
export function top(logits: Float32Array, k = 5): number[] {
  return [...logits.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b).slice(0, k);
}

/** Asserts an error, and notes it for docs/parity.md where PARITY_REPORT names a file. */
export function within(
  error: number,
  limit: number,
  what: { backend: BackendName; dtype: Quantization; kind: string; of: string },
): void {
  const file = process.env['PARITY_REPORT'];
  if (file) {
    mkdirSync('.cache', { recursive: true });
    appendFileSync(file, `${JSON.stringify({ ...what, error })}\n`);
  }
  expect(error, `${what.kind}: ${what.of}`).toBeLessThan(limit);
}
