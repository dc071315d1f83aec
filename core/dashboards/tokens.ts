import { deflateSync, strFromU8, strToU8 } from 'fflate';
import * as v from 'valibot';
import { VitrineError } from '../protocol/errors.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { ACTIVATION_STEPS, VALUE_STEPS, type FeatureRecord } from './record.ts';
import { inflate } from './shard.ts';

const FORMAT = 'vitrine-dashboard-tokens/1';

/** Tokens that are kept of one feature. */
export const TOKENS_KEPT = 8;

/** One token among the stored examples of a feature. */
export interface FiringToken {
  /** Index of the file's `texts`. */
  readonly token: number;
  /** How many of the feature's uniform sample (active tokens drawn at random) are this token. */
  readonly n: number;
  /** Largest activation on it among all stored examples, in steps of the feature's maximum: 1 … ACTIVATION_STEPS. */
  readonly code: number;
}

/** On which tokens features fire, as far as the stored examples tell: one file for all dictionaries of a model. */
export interface TokenIndex {
  /** Of the weights that the dashboards were made of. */
  readonly model: { readonly id: string; readonly digest: string };
  /** Texts of the tokens that occur. */
  readonly texts: readonly string[];
  readonly saes: readonly {
    readonly id: string;
    readonly digest: string;
    /** [dSae]: size of the uniform sample, and the tokens, most of the sample first. */
    readonly features: readonly { readonly sample: number; readonly tokens: readonly FiringToken[] }[];
  }[];
}

/**
 * The tokens of one record's examples, most of the uniform sample first, then largest activation.
 * @param tokenAt which token of the vocabulary stands at a place of a document (BOS not counted)
 */
export function firingTokens(
  { groups }: Pick<FeatureRecord, 'groups'>,
  tokenAt: (document: number, position: number) => number,
): { readonly sample: number; readonly tokens: readonly FiringToken[] } {
  const found = new Map<number, { n: number; value: number }>();
  let sample = 0;
  for (const { kind, examples } of groups)
    for (const { document, position, value } of examples) {
      const token = tokenAt(document, position);
      const entry = found.get(token) ?? { n: 0, value: 0 };
      if (kind === 'uniform') {
        entry.n++;
        sample++;
      }
      entry.value = Math.max(entry.value, value);
      found.set(token, entry);
    }
  const tokens = [...found]
    // Stored values have 65,535 steps; 255 are enough to sort by.
    .map(([token, { n, value }]) => ({ token, n, code: Math.max(1, Math.round((value * ACTIVATION_STEPS) / VALUE_STEPS)) }))
    .sort((a, b) => b.n - a.n || b.code - a.code || a.token - b.token)
    .slice(0, TOKENS_KEPT);
  return { sample, tokens };
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(10_000_000));
const text = v.pipe(v.string(), v.maxLength(400));
const header = v.object({
  format: v.literal(FORMAT),
  model: v.object({ id: text, digest: text }),
  texts: v.array(text),
  saes: v.pipe(v.array(v.object({ id: text, digest: text, dSae: count })), v.maxLength(10_000)),
});

/** Deflated: length of a JSON header, the header, then numbers of all features in their order. */
export function encodeTokenIndex({ model, texts, saes }: TokenIndex): Uint8Array<ArrayBuffer> {
  const head = strToU8(
    JSON.stringify({
      format: FORMAT,
      model,
      texts,
      saes: saes.map(({ id, digest, features }) => ({ id, digest, dSae: features.length })),
    }),
  );
  const out = new ByteWriter();
  out.varint(head.length);
  for (const byte of head) out.u8(byte);
  for (const { features } of saes)
    for (const { sample, tokens } of features) {
      out.varint(sample);
      out.varint(tokens.length);
      for (const { token, n, code } of tokens) {
        out.varint(token);
        out.varint(n);
        out.u8(code);
      }
    }
  return Uint8Array.from(deflateSync(out.finish(), { level: 9 }));
}

/** @throws VitrineError `bad-file` */
export function decodeTokenIndex(bytes: Uint8Array): TokenIndex {
  const input = new ByteReader(inflate(bytes));
  const head = Uint8Array.from({ length: input.count() }, () => input.u8());
  let json: unknown;
  try {
    json = JSON.parse(strFromU8(head));
  } catch (cause) {
    throw new VitrineError('bad-file', 'the index of tokens cannot be read', { cause });
  }
  const parsed = v.safeParse(header, json);
  if (!parsed.success) throw new VitrineError('bad-file', `the index of tokens: ${parsed.issues[0].message}`);
  const { model, texts, saes } = parsed.output;
  const features = (dSae: number): TokenIndex['saes'][number]['features'] =>
    Array.from({ length: dSae }, () => {
      const sample = input.varint();
      const tokens = Array.from({ length: input.count() }, () => {
        const token = input.varint();
        if (token >= texts.length) throw new VitrineError('bad-file', 'the index of tokens names a token that it does not list');
        return { token, n: input.varint(), code: input.u8() };
      });
      return { sample, tokens };
    });
  return { model, texts, saes: saes.map(({ id, digest, dSae }) => ({ id, digest, features: features(dSae) })) };
}
