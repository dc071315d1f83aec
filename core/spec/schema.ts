import * as v from 'valibot';
import { CHAT_ROLES, type ChatMessage } from '../chat.ts';
import { isRemoteId } from '../files/remote.ts';
import { parseHook, type HookName } from '../hooks.ts';
import type { Intervention } from '../interventions.ts';
import type { Metric } from '../metrics.ts';
import type { JsonValue } from './json.ts';

/** Caps on what a link may carry; anything beyond is refused, not cut. */
export const LIMITS = {
  prompts: 64,
  promptCharacters: 8_000,
  promptTokens: 8_192,
  messages: 64,
  interventions: 64,
  list: 4_096,
  id: 200,
} as const;

const int = (min: number, max: number): v.GenericSchema<number> =>
  v.pipe(v.number(), v.safeInteger(), v.minValue(min), v.maxValue(max));
const id: v.GenericSchema<string> = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(LIMITS.id),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/),
  v.check((s) => !s.includes('..'), 'no ".."'),
);
/** A name of the catalogue, a pinned model of the Hub (`hf:owner/name@commit`) or of another address (`url:address@pin`), or files of the reader's own (`local:name`). */
const modelId: v.GenericSchema<string> = v.union([
  id,
  v.pipe(v.string(), v.check(isRemoteId, 'not a model')),
  v.pipe(v.string(), v.maxLength(LIMITS.id), v.regex(/^local:[A-Za-z0-9][A-Za-z0-9._-]*$/)),
]);
const hook: v.GenericSchema<string, HookName> = v.pipe(
  v.string(),
  v.maxLength(LIMITS.id),
  v.check((s) => parseHook(s) !== null, 'not a hook name'),
  v.transform((s) => s as HookName),
);
const finite: v.GenericSchema<number> = v.pipe(v.number(), v.finite());
const index = int(0, 1_000_000_000);
const promptIndex = int(0, LIMITS.prompts - 1);
const indices = v.pipe(v.array(index), v.maxLength(LIMITS.list));
const positions = v.union([
  v.picklist(['all', 'prompt', 'generated']),
  v.pipe(v.array(int(-LIMITS.promptTokens, LIMITS.promptTokens)), v.maxLength(LIMITS.list)),
]);

const place = { hook, positions: v.optional(positions), heads: v.optional(indices), units: v.optional(indices) };
const vector = v.variant('from', [
  v.strictObject({ from: v.literal('values'), values: v.pipe(v.array(finite), v.maxLength(16_384)) }),
  v.strictObject({ from: v.literal('decoder'), sae: id, feature: index }),
  v.strictObject({
    from: v.literal('contrast'),
    positive: promptIndex,
    negative: promptIndex,
    position: int(-LIMITS.promptTokens, LIMITS.promptTokens),
  }),
]);
const layers = v.pipe(v.array(int(0, 999)), v.minLength(1), v.maxLength(1_000));
const intervention = v.variant('kind', [
  v.strictObject({ kind: v.literal('zero'), ...place }),
  v.strictObject({
    kind: v.literal('mean'),
    ...place,
    over: v.picklist(['batch', 'batch+positions']),
    prompts: v.optional(v.array(promptIndex)),
  }),
  v.strictObject({
    kind: v.literal('patch'),
    ...place,
    prompt: promptIndex,
    sourcePositions: v.optional(v.array(int(-LIMITS.promptTokens, LIMITS.promptTokens))),
  }),
  v.strictObject({ kind: v.literal('add'), ...place, vector, coefficient: finite }),
  v.strictObject({ kind: v.literal('scale'), ...place, factor: finite }),
  v.strictObject({
    kind: v.literal('saeFeature'),
    sae: id,
    feature: index,
    mode: v.picklist(['set', 'scale', 'add']),
    value: finite,
    positions: v.optional(positions),
    errorTerm: v.optional(v.boolean()),
  }),
  v.strictObject({ kind: v.literal('blockAttention'), layers, heads: v.optional(indices), query: positions, key: positions }),
  v.strictObject({ kind: v.literal('freezePattern'), layers, heads: v.optional(indices), prompt: v.optional(promptIndex) }),
]);

const position = v.optional(int(-LIMITS.promptTokens, LIMITS.promptTokens));
const metric = v.variant('kind', [
  v.strictObject({ kind: v.literal('logit'), token: index, position }),
  v.strictObject({ kind: v.literal('logitDiff'), correct: index, wrong: index, position }),
  v.strictObject({ kind: v.literal('probDiff'), upper: indices, lower: indices, position }),
  v.strictObject({ kind: v.literal('logProb'), token: index, position }),
  v.strictObject({ kind: v.literal('kl'), reference: promptIndex, position }),
  v.strictObject({ kind: v.literal('loss') }),
]);

const messages = v.pipe(
  v.array(v.strictObject({ role: v.picklist(CHAT_ROLES), content: v.pipe(v.string(), v.maxLength(LIMITS.promptCharacters)) })),
  v.minLength(1),
  v.maxLength(LIMITS.messages),
  v.check(
    (list) => list.reduce((sum, { content }) => sum + content.length, 0) <= LIMITS.promptCharacters,
    `more than ${LIMITS.promptCharacters} characters`,
  ),
);
const prompt = v.union([
  v.strictObject({ text: v.pipe(v.string(), v.maxLength(LIMITS.promptCharacters)), bos: v.optional(v.boolean()) }),
  v.strictObject({ tokens: v.pipe(v.array(index), v.maxLength(LIMITS.promptTokens)) }),
  v.strictObject({ messages }),
]);
const sampling = v.strictObject({
  seed: int(0, 0xffff_ffff),
  temperature: v.optional(v.pipe(finite, v.minValue(0), v.maxValue(10))),
  topP: v.optional(v.pipe(finite, v.minValue(0), v.maxValue(1))),
  topK: v.optional(int(1, 1_000_000)),
  repetitionPenalty: v.optional(v.pipe(finite, v.minValue(0.1), v.maxValue(10))),
  maxNewTokens: v.optional(int(1, 4_096)),
});

/** JSON of any shape, with a cap on depth and size so that a link cannot stall the page. */
const json: v.GenericSchema<unknown, JsonValue> = v.pipe(
  v.unknown(),
  v.check((x) => jsonSize(x, 0) <= 20_000, 'too large or not JSON'),
  v.transform((x) => x as JsonValue),
);
function jsonSize(value: unknown, depth: number): number {
  if (depth > 16) return Infinity;
  if (value === null || typeof value === 'boolean') return 1;
  if (typeof value === 'number') return Number.isFinite(value) ? 1 : Infinity;
  if (typeof value === 'string') return 1 + value.length / 8;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + jsonSize(item, depth + 1), 1);
  if (typeof value !== 'object') return Infinity;
  return Object.entries(value).reduce((sum, [k, item]) => sum + k.length / 8 + jsonSize(item, depth + 1), 1);
}
const record = v.pipe(
  v.record(
    v.pipe(
      v.string(),
      v.maxLength(60),
      v.check((k) => k !== '__proto__', 'not allowed'),
    ),
    json,
  ),
);

/** What the model reads: a text, tokens by their ids, or a chat that its template turns into text. */
export type Prompt =
  | { readonly text: string; readonly bos?: boolean }
  | { readonly tokens: readonly number[] }
  | { readonly messages: readonly ChatMessage[] };
export interface SamplingSpec {
  readonly seed: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly repetitionPenalty?: number;
  readonly maxNewTokens?: number;
}
/** What was asked: everything that decides the numbers, and (in `view`) how they are looked at. */
export interface ExperimentSpec {
  readonly v: 1;
  readonly lab: string;
  readonly labV: number;
  readonly model: string;
  readonly saes?: readonly string[];
  readonly prompts: readonly Prompt[];
  readonly interventions?: readonly Intervention[];
  readonly metric?: Metric;
  readonly params: { readonly [key: string]: JsonValue };
  readonly sampling?: SamplingSpec;
  /** Clicked, pinned, zoomed, scale. Not part of the hash. */
  readonly view?: { readonly [key: string]: JsonValue };
}

/** The envelope. A lab's own `params` and `view` are validated by the lab's schema on top of this. */
export const experimentSchema: v.GenericSchema<unknown, ExperimentSpec> = v.strictObject({
  v: v.literal(1),
  lab: v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]{0,39}$/)),
  labV: int(1, 1_000),
  model: modelId,
  saes: v.optional(v.pipe(v.array(id), v.maxLength(64))),
  prompts: v.pipe(v.array(prompt), v.maxLength(LIMITS.prompts)),
  interventions: v.optional(v.pipe(v.array(intervention), v.maxLength(LIMITS.interventions))),
  metric: v.optional(metric),
  params: v.optional(record, {}),
  sampling: v.optional(sampling),
  view: v.optional(record),
}) as unknown as v.GenericSchema<unknown, ExperimentSpec>;
