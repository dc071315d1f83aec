import { describe, expect, it } from 'vitest';
import { hookName } from '../../../core/hooks.ts';
import { wireTensor } from '../../../core/protocol/wire-tensor.ts';
import type { TokenIndex } from '../../../core/dashboards/tokens.ts';
import type { SaeEntry } from '../../../app/state/catalogue.ts';
import type { OwnLabel } from '../../../core/lists/index.ts';
import type { PromptHits, SearchChunk, SearchResult, TokenHits } from '../result.ts';
import { firesOn } from '../views/FiresOn.tsx';
import { buildIndex, labelDocuments } from '../views/label-index.tsx';
import { effectRows, foundOf, promptRows } from './rows.ts';

const list = (features: readonly number[]) => wireTensor(Int32Array.from(features), [features.length], ['feature']);
const floats = (values: readonly number[]) => wireTensor(Float32Array.from(values), [values.length], ['feature']);

const site = (layer: number, features: number[], scores: number[], maxKnown: number[]): PromptHits => ({
  sae: `s${layer}`,
  hook: hookName('resid_post', layer),
  dSae: 64,
  active: features.length,
  dense: 0,
  features: list(features),
  scores: floats(scores),
  values: wireTensor(Float32Array.from(scores.flatMap((score) => [0, score])), [features.length, 2], ['feature', 'pos']),
  maxKnown: floats(maxKnown),
  density: floats(features.map(() => NaN)),
});
const sites = [site(0, [3, 9], [8, 2], [16, 2]), site(1, [4, 5, 6], [8, 6, 1], [8, 0, NaN])];
const tokens = [
  { id: 0, text: '' },
  { id: 7, text: ' a' },
];
const result: SearchResult = {
  by: 'prompt',
  tokens,
  sites,
  ranking: wireTensor(new Int32Array(0), [0, 2], ['rank', 'stat']),
};

describe('rows of a search', () => {
  it('are ranked over all dictionaries; of equals the earlier dictionary comes first, and what has no share last', () => {
    const ids = (rank: 'activation' | 'share', results = 50) => promptRows(sites, { rank, results }).map(({ key }) => key);
    expect(ids('activation')).toEqual(['s0/3', 's1/4', 's1/5', 's0/9', 's1/6']);
    expect(ids('share')).toEqual(['s0/9', 's1/4', 's0/3', 's1/5', 's1/6']);
    expect(ids('share', 2)).toEqual(['s0/9', 's1/4']);
    const [first] = promptRows(sites, { rank: 'share', results: 50 });
    expect(first).toMatchObject({ score: 2, share: 1, maxKnown: 2 });
    expect([...first!.values]).toEqual([0, 2]);
  });

  it('keep the sign of an effect, and order both directions by size', () => {
    const effects: TokenHits = {
      sae: 's0',
      hook: hookName('mlp_out', 0),
      dSae: 64,
      dead: 0,
      dense: 0,
      writes: true,
      raises: { features: list([1, 2]), effects: floats([2, 1]), maxKnown: floats([1, 8]), density: floats([0, 0]) },
      lowers: { features: list([4, 3]), effects: floats([-3, -1]), maxKnown: floats([1, 9]), density: floats([0, 0]) },
    };
    const of = (side: 'raises' | 'lowers', effect: 'unit' | 'max') =>
      effectRows([effects], side, { effect, results: 9 }).map(({ feature, effect, atMax }) => [feature, effect, atMax]);
    expect(of('raises', 'unit')).toEqual([
      [1, 2, 2],
      [2, 1, 8],
    ]);
    expect(of('raises', 'max').map(([feature]) => feature)).toEqual([2, 1]);
    expect(of('lowers', 'max')).toEqual([
      [3, -1, -9],
      [4, -3, -3],
    ]);
  });

  it('are what streams in, until the answer is whole; an answer of another kind is not shown', () => {
    const chunks: SearchChunk[] = [
      { part: 'tokens', tokens },
      { part: 'prompt-site', site: sites[0]! },
    ];
    expect(foundOf(result, chunks, false, 'prompt')).toMatchObject({ prompt: sites, done: true, stale: false });
    expect(foundOf(result, chunks, true, 'prompt')).toMatchObject({ prompt: [sites[0]], done: false, stale: false });
    expect(foundOf(result, chunks.slice(0, 1), true, 'prompt')).toMatchObject({ prompt: sites, stale: true });
    expect(foundOf(null, chunks.slice(0, 1), false, 'prompt')).toMatchObject({ tokens, prompt: [], done: false });
    expect(foundOf(result, [], true, 'token')).toMatchObject({ effects: [], prompt: [], token: null, done: false });
  });
});

describe('full text over names', () => {
  const label = (feature: number, text: string, note = ''): OwnLabel => ({
    model: 'm',
    sae: 'blocks.0.hook_mlp_out',
    feature,
    text,
    note,
    at: 0,
  });
  const hook = 'blocks.0.hook_mlp_out';
  const saes = [{ id: hook, hookName: hook, path: '', bytes: 0, sha256: '', dSae: 4, architecture: 'jumprelu' }];

  it('finds beginnings, misspellings and notes, own words first, and nothing of other models', async () => {
    const documents = labelDocuments(
      'm',
      saes,
      {},
      {
        a: label(1, 'names of people'),
        b: label(2, 'weekday', 'also names of months'),
        c: { ...label(3, 'names'), model: 'other' },
      },
    );
    expect(documents.map(({ feature }) => feature)).toEqual([1, 2]);
    const index = await buildIndex(documents);
    const ids = (query: string): unknown[] => index.search(query).map(({ id }) => id);
    expect(ids('nam')).toEqual(['blocks.0.hook_mlp_out/1', 'blocks.0.hook_mlp_out/2']);
    expect(ids('weekdax')).toEqual(['blocks.0.hook_mlp_out/2']);
    expect(ids('names months')).toEqual(['blocks.0.hook_mlp_out/2']);
    expect(ids('nothing')).toEqual([]);
  });
});

describe('features that fire on a token', () => {
  const saes = ['a', 'b'].map((id) => ({ id, sha256: `${id}1`, hookName: hookName('resid_post', 0) })) as unknown as SaeEntry[];
  const index: TokenIndex = {
    model: { id: 'm', digest: 'd' },
    texts: [' Mary', ' to', 'Once'],
    saes: [
      {
        id: 'a',
        digest: 'a1',
        features: [
          { sample: 10, tokens: [{ token: 0, n: 3, code: 255 }] },
          { sample: 0, tokens: [] },
          {
            sample: 4,
            tokens: [
              { token: 1, n: 3, code: 51 },
              { token: 0, n: 2, code: 51 },
            ],
          },
          { sample: 10, tokens: [{ token: 0, n: 3, code: 102 }] },
        ],
      },
      { id: 'b', digest: 'changed', features: [{ sample: 10, tokens: [{ token: 0, n: 10, code: 255 }] }] },
    ],
  };

  it('come by their share of the random sample, then by how strongly; other weights are left out and counted', () => {
    const found = firesOn(index, saes, ' Mary')!;
    expect(found.rows.map(({ feature, n, sample, share }) => [feature, n, sample, share])).toEqual([
      [2, 2, 4, 0.2],
      [0, 3, 10, 1],
      [3, 3, 10, 0.4],
    ]);
    expect(found.left).toBe(1);
  });

  it('are found without the space in front, but a word at the beginning is itself', () => {
    expect(firesOn(index, saes, 'to')?.token).toBe(' to');
    expect(firesOn(index, saes, 'Once')).toMatchObject({ token: 'Once', rows: [] });
    expect(firesOn(index, saes, ' Once')).toBeNull();
    expect(firesOn(index, saes, 'nothing')).toBeNull();
  });
});
