import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { POPULATION_IDS } from '../curriculum/corpus.ts';
import { columnsOf, jointCounts, jointRow, jointRowOf, sparseRows, type SparseRows } from './columns.ts';
import { cosines, nearestInside, nearestOf, unitRows } from './directions.ts';
import { RecordMaker } from './feature.ts';
import { labelled, MIN_SUPPORT } from './matches.ts';
import { densitySpectrum, spectrumBin } from './measure.ts';
import { ACTIVATION_STEPS, BINS, VALUE_STEPS, WINDOW, type FeatureRecord, type MatchRecord } from './record.ts';
import { decodeShard, encodeShard } from './shard.ts';
import type { TokenSpan } from './types.ts';
import { variableKey, VariableTableBuilder, type LabelledDocument } from './variables.ts';

const DSAE = 6;

interface World {
  readonly documents: readonly LabelledDocument[];
  /** [token][feature], 0 where not active. */
  readonly dense: readonly (readonly number[])[];
}

const spans = (length: number): fc.Arbitrary<TokenSpan[]> =>
  fc
    .array(
      fc.record({
        kind: fc.constantFrom('name', 'verb'),
        role: fc.constantFrom('subject', 'object'),
        value: fc.constantFrom('Mary', 'John'),
        from: fc.nat({ max: Math.max(0, length - 1) }),
        size: fc.integer({ min: 1, max: 2 }),
      }),
      { maxLength: 6 },
    )
    .map((list) => {
      const out: TokenSpan[] = [];
      let end = 0;
      for (const { size, ...s } of [...list].sort((a, b) => a.from - b.from)) {
        if (s.from < end || s.from + size > length) continue;
        end = s.from + size;
        out.push({ ...s, to: end });
      }
      return out;
    });

const document: fc.Arbitrary<LabelledDocument> = fc.integer({ min: 0, max: 14 }).chain((length) =>
  fc.record({
    population: fc.constantFrom(...POPULATION_IDS.slice(0, 3)),
    ids: fc.array(fc.nat({ max: 4 }), { minLength: length, maxLength: length }),
    spans: spans(length),
  }),
);

const world: fc.Arbitrary<World> = fc.array(document, { minLength: 2, maxLength: 40 }).chain((documents) => {
  const tokens = documents.reduce((sum, d) => sum + d.ids.length, 0);
  // Multiples of 1/8: float32 holds them, and equal activations are frequent.
  const activation = fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 40 }).map((n) => n / 8) },
  );
  const row = fc.array(activation, { minLength: DSAE, maxLength: DSAE });
  return fc.record({ documents: fc.constant(documents), dense: fc.array(row, { minLength: tokens, maxLength: tokens }) });
});

const text = (id: number): string => `t${id}`;

function rowsOf(dense: World['dense']): SparseRows {
  const ids = dense.map((row) => Int32Array.from(row.flatMap((x, f) => (x > 0 ? [f] : []))));
  return sparseRows(
    ids,
    dense.map((row) => Float32Array.from(row.filter((x) => x > 0))),
  );
}

function build({ documents, dense }: World) {
  const builder = new VariableTableBuilder(text);
  const starts = [0];
  const ids: number[] = [];
  for (const [n, d] of documents.entries()) {
    builder.add(d, n);
    ids.push(...d.ids);
    starts.push(ids.length);
  }
  const corpus = { starts: Int32Array.from(starts), ids: Int32Array.from(ids), first: 0 };
  const table = builder.build();
  // In two stretches, as sections of a corpus come.
  const half = Math.floor(dense.length / 2);
  const parts = [rowsOf(dense.slice(0, half)), rowsOf(dense.slice(half))];
  const columns = columnsOf(parts, DSAE);
  const joint = jointCounts(parts, DSAE);
  const maker = new RecordMaker({ columns, labelled: labelled(corpus, table), joint: (f) => jointRow(joint, DSAE, f) });
  const records = Array.from({ length: DSAE }, (_, f) => maker.record(f, { nearest: [], elsewhere: [] }));
  return { corpus, table, parts, columns, joint, records };
}

/** Every variable as a set of tokens, straight from its definition. */
function naiveVariables({ documents }: World): Map<string, Set<number>> {
  const sets = new Map<string, Set<number>>();
  let start = 0;
  const put = (name: string, t: number): void => {
    sets.set(name, (sets.get(name) ?? new Set<number>()).add(t));
  };
  for (const { population, ids, spans: list } of documents) {
    for (const [p, id] of ids.entries()) {
      put(variableKey({ place: 'token', kind: 'token', role: null, value: text(id) }), start + p);
      put(variableKey({ place: 'population', kind: population, role: null, value: null }), start + p);
    }
    for (const { kind, role, value, from, to } of list) {
      const forms = [
        { kind, role: null, value: null },
        { kind, role, value: null },
        { kind, role: null, value },
      ];
      for (const form of forms) {
        for (let p = from; p < to; p++) put(variableKey({ place: 'at', ...form }), start + p);
        if (to - from > 1) put(variableKey({ place: 'last', ...form }), start + to - 1);
        if (from > 0) put(variableKey({ place: 'before', ...form }), start + from - 1);
      }
    }
    start += ids.length;
  }
  return sets;
}

describe('records of features', () => {
  it('have the counts, histogram and partners that a loop over everything gives', () => {
    fc.assert(
      fc.property(world, (w) => {
        const { records, parts, joint } = build(w);
        for (const [f, record] of records.entries()) {
          const values = w.dense.map((row) => row[f] ?? 0).filter((x) => x > 0);
          const max = Math.max(0, ...values);
          expect(record.active).toBe(values.length);
          expect(record.max).toBe(max);
          expect(record.mean).toBe(values.length === 0 ? 0 : Math.fround(values.reduce((a, b) => a + b, 0) / values.length));
          for (let bin = 0; bin < BINS; bin++) {
            const inside = values.filter((x) => Math.min(BINS - 1, Math.floor((x / max) * BINS)) === bin);
            expect(record.histogram[bin]).toBe(inside.length);
          }
          const both = (g: number): number => w.dense.filter((row) => (row[f] ?? 0) > 0 && (row[g] ?? 0) > 0).length;
          const expected = Array.from({ length: DSAE }, (_, g) => g).filter((g) => g !== f && both(g) > 0);
          expect(new Map(record.coactive.map((c) => [c.feature, c.both]))).toEqual(new Map(expected.map((g) => [g, both(g)])));
          const jaccard = record.coactive.map((c) => c.both / (record.active + (records[c.feature]?.active ?? 0) - c.both));
          expect(jaccard).toEqual([...jaccard].sort((a, b) => b - a));
          expect([...jointRow(joint, DSAE, f)]).toEqual([...jointRowOf(parts, DSAE, f)]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('choose variable and threshold on even documents and score them on odd ones', () => {
    fc.assert(
      fc.property(world, (w) => {
        const { records } = build(w);
        const sets = naiveVariables(w);
        const half = w.documents.flatMap((d, n) => d.ids.map(() => n % 2));
        for (const [f, record] of records.entries()) {
          const value = (t: number): number => w.dense[t]?.[f] ?? 0;
          const tokens = half.map((_, t) => t);
          const largest = Math.max(0, ...tokens.filter((t) => half[t] === 0).map(value));
          const counts = (set: Set<number>, parity: number, threshold: number) => {
            const own = tokens.filter((t) => half[t] === parity);
            const fired = own.filter((t) => value(t) > threshold);
            return {
              variable: own.filter((t) => set.has(t)).length,
              fired: fired.length,
              both: fired.filter((t) => set.has(t)).length,
            };
          };
          const f1 = (c: { variable: number; fired: number; both: number }): number => (2 * c.both) / (c.variable + c.fired);
          const thresholds = Array.from({ length: 10 }, (_, k) => Math.fround((k * largest) / 10));
          const bestF1 = (set: Set<number>): number => Math.max(...thresholds.map((x) => f1(counts(set, 0, x))));
          const competes = (set: Set<number>): boolean =>
            counts(set, 0, 0).variable >= MIN_SUPPORT && counts(set, 1, 0).variable > 0 && bestF1(set) > 0;
          const check = (match: MatchRecord | null, rivals: readonly Set<number>[]): void => {
            const able = rivals.filter(competes);
            expect(match === null).toBe(able.length === 0);
            if (match === null) return;
            const set = sets.get(variableKey(match.variable)) ?? new Set<number>();
            // Nobody does better in the choosing half, and the threshold is one of those with the largest F1 there.
            expect(bestF1(set)).toBe(Math.max(...able.map(bestF1)));
            expect(f1(counts(set, 0, match.threshold))).toBe(bestF1(set));
            const scored = counts(set, 1, match.threshold);
            expect(match.score).toEqual({ fired: scored.fired, both: scored.both });
            expect(match.tokens).toBe(scored.variable);
            const active = counts(set, 1, 0);
            expect(match.active).toEqual({ fired: active.fired, both: active.both });
          };
          const isToken = (name: string): boolean => name.startsWith('token\u0000');
          const latent = [...sets].filter(([name]) => !isToken(name)).map(([, set]) => set);
          check(record.matches.best, latent);
          check(
            record.matches.token,
            [...sets].filter(([name]) => isToken(name)).map(([, set]) => set),
          );
          const first = record.matches.best && sets.get(variableKey(record.matches.best.variable));
          const others = latent.filter((s) => !first || s.size !== first.size || [...s].some((t) => !first.has(t)));
          check(record.matches.runnerUp, first ? others : []);
          expect(record.matches.tokens).toBe(half.filter((h) => h === 1).length);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('point at examples that are there, each document and each window once in a band', () => {
    fc.assert(
      fc.property(world, (w) => {
        const { records, corpus } = build(w);
        for (const [f, record] of records.entries()) {
          const { max } = record;
          const top = record.groups[0]?.examples ?? [];
          expect(record.groups.length).toBe(max > 0 ? 7 : 0);
          if (top[0]) expect(top[0].value).toBe(VALUE_STEPS);
          expect(top.map((e) => e.value)).toEqual(top.map((e) => e.value).sort((a, b) => b - a));
          const bands = record.groups.filter((g) => g.kind === 'interval');
          expect(bands.reduce((sum, g) => sum + g.count, 0)).toBe(record.active);
          for (const { low, high, examples } of record.groups) {
            expect(new Set(examples.map((e) => e.document)).size).toBe(examples.length);
            const windows = new Set<string>();
            for (const e of examples) {
              const start = corpus.starts[e.document] ?? 0;
              const end = corpus.starts[e.document + 1] ?? 0;
              const value = (p: number): number => w.dense[start + p]?.[f] ?? 0;
              expect(Math.abs((e.value * max) / VALUE_STEPS - value(e.position))).toBeLessThanOrEqual(max / VALUE_STEPS);
              expect(value(e.position)).toBeGreaterThanOrEqual(low);
              expect(value(e.position)).toBeLessThanOrEqual(high);
              const active = Array.from({ length: end - start }, (_, p) => p).filter((p) => value(p) > 0);
              expect(e.positions).toEqual(active);
              for (const [i, p] of active.entries())
                expect(Math.abs(((e.codes[i] ?? 0) * max) / ACTIVATION_STEPS - value(p))).toBeLessThanOrEqual(
                  max / ACTIVATION_STEPS,
                );
              const from = Math.max(0, e.position - WINDOW);
              const window = corpus.ids.slice(start + from, Math.min(end, start + e.position + WINDOW + 1));
              windows.add(`${e.position - from}:${window.join()}`);
            }
            expect(windows.size).toBe(examples.length);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('come back from a shard as they were; a damaged one is refused with its own error', () => {
    fc.assert(
      fc.property(world, fc.nat(), fc.integer({ min: 1, max: 255 }), (w, at, change) => {
        const { records, table } = build(w);
        const tables = { variables: table.variables, saes: ['a', 'b'] };
        const near: FeatureRecord[] = records.map((r) => ({
          ...r,
          nearest: [{ sae: 'a', feature: 3, cosine: -5 / 32_767 }],
          elsewhere: [{ sae: 'b', feature: 1_000, cosine: 1 }],
        }));
        const bytes = encodeShard(near, tables);
        expect(decodeShard(bytes, tables)).toEqual(near);
        const broken = bytes.slice();
        broken[at % broken.length] = (broken[at % broken.length] ?? 0) ^ change;
        try {
          decodeShard(broken, tables);
        } catch (error) {
          expect(error).toMatchObject({ name: 'VitrineError', code: 'bad-file' });
        }
        expect(() => decodeShard(bytes.slice(0, bytes.length >> 1), tables)).toThrow(
          expect.objectContaining({ code: 'bad-file' }),
        );
      }),
      { numRuns: 60 },
    );
  });
});

describe('directions', () => {
  it('are nearest by cosine, whatever their length', () => {
    const rows = unitRows('a', Float32Array.of(1, 0, 0, 10, 3, 3, -2, 0), 2);
    expect([...cosines(rows, 0, rows)]).toEqual([1, 0, expect.closeTo(Math.SQRT1_2, 12), -1]);
    expect(nearestInside(rows, 0).map((n) => n.feature)).toEqual([2, 1, 3]);
    const other = unitRows('b', Float32Array.of(0, -1, 5, 5.01, 4, 4), 2);
    expect(nearestOf(rows, 2, other, [0, 1, 2])).toEqual({ sae: 'b', feature: 2, cosine: expect.closeTo(1, 12) });
    expect(unitRows('c', new Float32Array(2), 2).data).toEqual(new Float64Array(2));
  });
});

describe('the spectrum of densities', () => {
  it('counts every feature once, dead ones apart', () => {
    const { counts, dead } = densitySpectrum([0, 1, 10, 1_000], 1_000);
    expect(dead).toBe(1);
    expect(counts.reduce((a, b) => a + b, 0)).toBe(3);
    expect(spectrumBin(1)).toBe(counts.length - 1);
    expect(spectrumBin(1e-9)).toBe(0);
    expect(counts[spectrumBin(0.001) ?? -1]).toBe(1);
  });
});
