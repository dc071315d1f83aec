import { deflateSync, inflateSync } from 'fflate';
import { VitrineError } from '../protocol/errors.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import {
  BINS,
  COSINE_STEPS,
  INTERVALS,
  type CosineRecord,
  type ExampleRecord,
  type FeatureRecord,
  type GroupRecord,
  type MatchesRecord,
  type MatchRecord,
} from './record.ts';
import type { Variable } from './types.ts';
import { variableKey } from './variables.ts';

/** What records refer to by number; part of the dictionary's index. */
export interface ShardTables {
  readonly variables: readonly Variable[];
  /** Dictionaries of the model. */
  readonly saes: readonly string[];
}

/** A shard is decompressed to at most this, whatever it claims. */
const MAX_BYTES = 4 * 2 ** 20;

/** Records of consecutive features as one file, deflated. Everything in a `FeatureRecord` comes back as it was. */
export function encodeShard(records: readonly FeatureRecord[], { variables, saes }: ShardTables): Uint8Array<ArrayBuffer> {
  const tables: Places = { variables: placesOf(variables.map(variableKey)), saes: placesOf(saes) };
  const out = new ByteWriter();
  out.varint(records.length);
  for (const record of records) writeFeature(out, record, tables);
  return Uint8Array.from(deflateSync(out.finish(), { level: 9 }));
}

/** Throws `bad-file` for what `encodeShard` did not write. */
export function decodeShard(bytes: Uint8Array, tables: ShardTables): FeatureRecord[] {
  const input = new ByteReader(inflate(bytes));
  const records = Array.from({ length: input.count() }, () => readFeature(input, tables));
  if (!input.done) throw new VitrineError('bad-file', 'this shard of dashboards is longer than its features');
  return records;
}

/** Throws `bad-file` for what is no deflated data, or 4 MiB of it and more. */
export function inflate(bytes: Uint8Array): Uint8Array {
  try {
    const whole = inflateSync(bytes, { out: new Uint8Array(MAX_BYTES) });
    if (whole.length >= MAX_BYTES) throw new RangeError('too long');
    return whole.slice();
  } catch (cause) {
    throw new VitrineError('bad-file', 'this file of dashboards cannot be decompressed', { cause });
  }
}

/** The tables the other way: number by entry. */
interface Places {
  readonly variables: ReadonlyMap<string, number>;
  readonly saes: ReadonlyMap<string, number>;
}
const placesOf = (keys: readonly string[]): ReadonlyMap<string, number> => new Map(keys.map((key, i) => [key, i]));

function writeFeature(out: ByteWriter, r: FeatureRecord, tables: Places): void {
  out.varint(r.feature);
  out.varint(r.active);
  out.f32(r.max);
  out.f32(r.mean);
  for (const n of r.histogram) out.varint(n);
  writeCosines(out, r.nearest, tables);
  writeCosines(out, r.elsewhere, tables);
  out.varint(r.coactive.length);
  for (const { feature, both } of r.coactive) {
    out.varint(feature);
    out.varint(both);
  }
  writeMatches(out, r.matches, tables);
  out.varint(r.groups.length);
  for (const group of r.groups) writeGroup(out, group);
}

function readFeature(input: ByteReader, tables: ShardTables): FeatureRecord {
  const feature = input.varint();
  const active = input.varint();
  const max = input.f32();
  const mean = input.f32();
  const histogram = Array.from({ length: BINS }, () => input.varint());
  const nearest = readCosines(input, tables);
  const elsewhere = readCosines(input, tables);
  const coactive = Array.from({ length: input.count() }, () => ({ feature: input.varint(), both: input.varint() }));
  const matches = readMatches(input, tables);
  const groups = Array.from({ length: input.count() }, () => readGroup(input, max));
  return { feature, active, max, mean, histogram, groups, coactive, nearest, elsewhere, matches };
}

function writeCosines(out: ByteWriter, list: readonly CosineRecord[], { saes }: Places): void {
  out.varint(list.length);
  for (const { sae, feature, cosine } of list) {
    out.varint(place(saes, sae));
    out.varint(feature);
    out.i16(Math.round(cosine * COSINE_STEPS));
  }
}

function readCosines(input: ByteReader, { saes }: ShardTables): CosineRecord[] {
  return Array.from({ length: input.count() }, () => ({
    sae: at(saes, input.varint()),
    feature: input.varint(),
    cosine: input.i16() / COSINE_STEPS,
  }));
}

function writeMatches(out: ByteWriter, { tokens, best, runnerUp, token }: MatchesRecord, { variables }: Places): void {
  out.varint(tokens);
  for (const match of [best, runnerUp, token]) {
    out.varint(match === null ? 0 : 1 + place(variables, variableKey(match.variable)));
    if (match === null) continue;
    out.varint(match.tokens);
    out.f32(match.threshold);
    for (const { fired, both } of [match.score, match.active]) {
      out.varint(fired);
      out.varint(both);
    }
  }
}

function readMatches(input: ByteReader, { variables }: ShardTables): MatchesRecord {
  const tokens = input.varint();
  const match = (): MatchRecord | null => {
    const which = input.varint();
    if (which === 0) return null;
    return {
      variable: at(variables, which - 1),
      tokens: input.varint(),
      threshold: input.f32(),
      score: { fired: input.varint(), both: input.varint() },
      active: { fired: input.varint(), both: input.varint() },
    };
  };
  return { tokens, best: match(), runnerUp: match(), token: match() };
}

const KINDS: readonly GroupRecord['kind'][] = ['top', 'interval', 'uniform'];

/** An interval's edges follow from its number. */
function writeGroup(out: ByteWriter, { kind, low, high, count, examples }: GroupRecord): void {
  out.u8(KINDS.indexOf(kind));
  if (kind === 'interval') out.u8(Math.round(low / (high - low)));
  out.varint(count);
  out.varint(examples.length);
  for (const example of examples) writeExample(out, example);
}

function readGroup(input: ByteReader, max: number): GroupRecord {
  const kind = at(KINDS, input.u8());
  const i = kind === 'interval' ? input.u8() : 0;
  const [low, high] = kind === 'interval' ? [(i * max) / INTERVALS, ((i + 1) * max) / INTERVALS] : [0, max];
  const count = input.varint();
  const examples = Array.from({ length: input.count() }, () => readExample(input));
  return { kind, low, high, count, examples };
}

function writeExample(out: ByteWriter, { document, position, value, repeats, positions, codes }: ExampleRecord): void {
  out.varint(document);
  out.varint(position);
  out.u16(value);
  out.varint(repeats);
  out.varint(positions.length);
  positions.forEach((p, i) => {
    out.varint(p - (i === 0 ? 0 : (positions[i - 1] ?? 0)));
    out.u8(codes[i] ?? 0);
  });
}

function readExample(input: ByteReader): ExampleRecord {
  const document = input.varint();
  const position = input.varint();
  const value = input.u16();
  const repeats = input.varint();
  const positions: number[] = [];
  const codes: number[] = [];
  let last = 0;
  for (let n = input.count(); n > 0; n--) {
    last += input.varint();
    positions.push(last);
    codes.push(input.u8());
  }
  return { document, position, value, repeats, positions, codes };
}

function at<T>(list: readonly T[], i: number): T {
  const found = list[i];
  if (found === undefined) throw new VitrineError('bad-file', `this shard names entry ${i} of a table of ${list.length}`);
  return found;
}

function place(places: ReadonlyMap<string, number>, key: string): number {
  const i = places.get(key);
  if (i === undefined) throw new RangeError(`${key} is not in the table`);
  return i;
}
