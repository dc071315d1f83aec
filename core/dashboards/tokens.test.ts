import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { corpusDocument } from './corpus.ts';
import { decodeIndex, parseDashboardsManifest } from './files.ts';
import type { ExampleRecord, GroupRecord } from './record.ts';
import { decodeShard } from './shard.ts';
import { decodeTokenIndex, encodeTokenIndex, firingTokens, TOKENS_KEPT } from './tokens.ts';

const example = (document: number, position: number, value: number): ExampleRecord => ({
  document,
  position,
  value,
  repeats: 0,
  positions: [position],
  codes: [1],
});
const group = (kind: GroupRecord['kind'], examples: readonly ExampleRecord[]): GroupRecord => ({
  kind,
  low: 0,
  high: 1,
  count: examples.length,
  examples,
});

describe('the tokens of stored examples', () => {
  it('are counted in the random sample alone, and sorted by it, then by the largest activation anywhere', () => {
    // The token of a place is its position here.
    const { sample, tokens } = firingTokens(
      {
        groups: [
          group('top', [example(0, 7, 65_535), example(1, 3, 60_000)]),
          group('uniform', [example(2, 3, 10_000), example(3, 3, 20_000), example(4, 5, 1), example(5, 9, 30_000)]),
        ],
      },
      (_, position) => position,
    );
    expect(sample).toBe(4);
    expect(tokens).toEqual([
      { token: 3, n: 2, code: Math.round((60_000 * 255) / 65_535) },
      { token: 9, n: 1, code: Math.round((30_000 * 255) / 65_535) },
      { token: 5, n: 1, code: 1 },
      { token: 7, n: 0, code: 255 },
    ]);
  });

  it('survive the file, and a damaged file is no index', () => {
    const index = {
      model: { id: 'm', digest: 'd' },
      texts: [' a', 'b"', '\u00e9'],
      saes: [
        {
          id: 's',
          digest: 'e',
          features: [
            { sample: 10, tokens: [{ token: 2, n: 9, code: 255 }] },
            { sample: 0, tokens: [] },
          ],
        },
      ],
    };
    const bytes = encodeTokenIndex(index);
    expect(decodeTokenIndex(bytes)).toEqual(index);
    expect(() => decodeTokenIndex(bytes.slice(0, -2))).toThrow(/cannot be decompressed|too early/);
    const beyond = { ...index, texts: [' a'] };
    expect(() => decodeTokenIndex(encodeTokenIndex(beyond))).toThrow(/does not list/);
  });

  it('of the site: a feature’s commonest token stands where its stored examples say', () => {
    const below = (path: string): string => `public/${path}`;
    const manifest = parseDashboardsManifest(JSON.parse(readFileSync('public/dashboards/primer/manifest.json', 'utf8')));
    expect(manifest.tokens && existsSync(below(manifest.tokens.path))).toBe(true);
    const index = decodeTokenIndex(readFileSync(below(manifest.tokens!.path)));
    expect(index.saes.map(({ id, digest }) => [id, digest])).toEqual(manifest.saes.map(({ id, digest }) => [id, digest]));
    const [first] = manifest.saes;
    const dictionary = decodeIndex(readFileSync(below(first!.path)));
    const { seed, shares } = dictionary.corpus;
    const records = decodeShard(readFileSync(below(dictionary.shards[0]!.path)), dictionary);
    let looked = 0;
    for (const record of records) {
      const { sample, tokens } = index.saes[0]!.features[record.feature]!;
      const uniform = record.groups.find(({ kind }) => kind === 'uniform')?.examples ?? [];
      expect(sample).toBe(uniform.length);
      expect(tokens.length).toBeLessThanOrEqual(TOKENS_KEPT);
      const [most] = tokens;
      if (!most || most.n < 5) continue;
      looked++;
      const documents = uniform.map(({ document }) => corpusDocument(seed, document, shares).text);
      const word = index.texts[most.token]!.trim();
      expect(documents.filter((text) => text.includes(word)).length).toBeGreaterThanOrEqual(most.n);
    }
    expect(looked).toBeGreaterThan(2);
  });
});
