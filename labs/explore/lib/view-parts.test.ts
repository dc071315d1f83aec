import { describe, expect, it } from 'vitest';
import { hookName } from '../../../core/hooks.ts';
import { wireTensor } from '../../../core/protocol/wire-tensor.ts';
import type { Attention, Attribution, ExploreChunk, ExploreResult, FeatureRows, Lens } from '../result.ts';
import { attentionReader, strongestKeys, tellingHead } from './attention-view.ts';
import { lensReader } from './lens-view.ts';
import { partsOf } from './parts.ts';
import { siteName, siteShort } from '../../../app/views/sites.ts';
import { featureTraces, fullScale, parseFeatureKey, peak, strongest } from './rows.ts';
import { byKind, byLayer, eachPart, total } from './sums.ts';

const token = (id: number, text: string) => ({ id, text });

/** Three positions; feature 4 on 1 and 2, feature 9 on 2. */
const rows: FeatureRows = {
  sae: 'blocks.1.hook_resid_post',
  hook: hookName('resid_post', 1),
  dSae: 16,
  offsets: wireTensor(Int32Array.of(0, 0, 1, 3), [4], ['pos']),
  indices: wireTensor(Int32Array.of(4, 4, 9), [3], ['feature']),
  values: wireTensor(Float32Array.of(2, 3, 1), [3], ['feature']),
  maxKnown: wireTensor(Float32Array.of(12, 12, 1.25), [3], ['feature']),
  fvu: 0.1,
};

describe('features', () => {
  const traces = featureTraces([rows]);
  const four = traces.get('blocks.1.hook_resid_post/4')!;

  it('are traced over the prompt', () => {
    expect(traces.size).toBe(2);
    expect([...four.values]).toEqual([0, 2, 3]);
    expect(four).toMatchObject({ feature: 4, layer: 1, maxKnown: 12 });
    expect([peak(four, 0, 1), peak(four, 0, 2)]).toEqual([2, 3]);
  });

  it('are ranked by share of their own maximum, or by activation', () => {
    const here = { from: 2, to: 2 };
    expect(strongest(traces.values(), here, 'known-max').map(({ feature }) => feature)).toEqual([9, 4]);
    expect(strongest(traces.values(), here, 'view').map(({ feature }) => feature)).toEqual([4, 9]);
    expect(strongest(traces.values(), { from: 0, to: 0 }, 'view')).toEqual([]);
  });

  it('have a full scale that no value on the prompt exceeds', () => {
    expect(fullScale(four, 'known-max', 3)).toBe(12);
    expect(fullScale({ ...four, maxKnown: 0 }, 'known-max', 7)).toBe(3);
    expect(fullScale({ ...four, maxKnown: 2.5 }, 'known-max', 7)).toBe(3);
    expect(fullScale(four, 'view', 7)).toBe(7);
  });

  it('have names that a link can hold', () => {
    expect(parseFeatureKey('a/b/12')).toEqual({ sae: 'a/b', feature: 12 });
    for (const bad of ['12', 'a/', 'a/x', '/1', 'a/-1']) expect(parseFeatureKey(bad)).toBeNull();
    expect([siteShort('blocks.1.hook_resid_post'), siteName('blocks.1.hook_resid_post')]).toEqual([
      'L1 resid_post',
      'residual stream after block 1',
    ]);
    expect(siteName('not a hook')).toBe('not a hook');
  });
});

const attribution: Attribution = {
  a: token(1, ' Mary'),
  b: token(2, ' John'),
  position: 2,
  difference: 3.5,
  components: [
    { kind: 'embed', layer: null, head: null, value: 0.25 },
    { kind: 'position', layer: null, head: null, value: -0.5 },
    { kind: 'head', layer: 0, head: 0, value: 1.5 },
    { kind: 'head', layer: 0, head: 1, value: -2 },
    { kind: 'attentionBias', layer: 0, head: null, value: 0.125 },
    { kind: 'mlp', layer: 0, head: null, value: 0.5 },
    { kind: 'head', layer: 1, head: 0, value: 4 },
    { kind: 'attentionBias', layer: 1, head: null, value: -0.125 },
    { kind: 'mlp', layer: 1, head: null, value: -1 },
  ],
  constant: 0.75,
  features: [],
};

describe('what writes the difference', () => {
  it('sums to it, however it is grouped', () => {
    for (const parts of [eachPart(attribution), byLayer(attribution), byKind(attribution)])
      expect(total(parts)).toBe(attribution.difference);
  });

  it('names each part once, strongest first', () => {
    const parts = eachPart(attribution);
    expect(parts.slice(0, 3).map(({ name }) => name)).toEqual(['L1 head 0', 'L0 head 1', 'L0 head 0']);
    expect(new Set(parts.map(({ key }) => key)).size).toBe(attribution.components.length + 1);
  });

  it('has a part per block and per kind', () => {
    expect(byLayer(attribution).map(({ name, value }) => [name, value])).toEqual([
      ['embeddings', -0.25],
      ['block 0', 0.125],
      ['block 1', 2.875],
      ['constant', 0.75],
    ]);
    expect(byKind(attribution).map(({ name, value }) => [name, value])).toEqual([
      ['embeddings', -0.25],
      ['heads', 3.5],
      ['attention biases', 0],
      ['MLPs', -0.5],
      ['constant', 0.75],
    ]);
  });
});

describe('attention', () => {
  // One layer, two heads, three positions; head 1 looks from 2 at 1.
  const flat = [1, 0, 0, 0.5, 0.5, 0, 0.9, 0.05, 0.05, 1, 0, 0, 0.3, 0.7, 0, 0.1, 0.8, 0.1];
  const tensor = wireTensor(Float32Array.from(flat), [1, 2, 3, 3], ['layer', 'head', 'query', 'key']);
  const attention: Attention = {
    pattern: tensor,
    valueWeighted: wireTensor(
      Float32Array.from(flat, (x) => 4 * x),
      [1, 2, 3, 3],
      ['layer', 'head', 'query', 'key'],
    ),
  };

  it('hides keys after the query, and has one scale for all heads', () => {
    const reader = attentionReader(attention, 'pattern');
    expect(reader.max).toBe(1);
    expect(attentionReader(attention, 'valueWeighted').max).toBe(4);
    expect(reader.at({ layer: 0, head: 1 }, 2, 1)).toBeCloseTo(0.8);
    expect(reader.at({ layer: 0, head: 1 }, 1, 2)).toBeNaN();
  });

  it('finds where a query looks, and the head that tells most', () => {
    const reader = attentionReader(attention, 'pattern');
    expect(strongestKeys(reader, { layer: 0, head: 1 }, 2, 2).map(({ key }) => key)).toEqual([1, 0]);
    expect(tellingHead(reader, 2)).toEqual({ layer: 0, head: 1 });
    expect(tellingHead(reader, 0)).toEqual({ layer: 0, head: 0 });
  });
});

describe('lens', () => {
  const lens: Lens = {
    hooks: [hookName('resid_pre', 0), hookName('resid_pre', 1), hookName('resid_post', 1)],
    ids: wireTensor(Int32Array.of(5, 6, 7, 5, 7, 5), [3, 1, 2], ['layer', 'pos', 'rank']),
    logProbs: wireTensor(Float32Array.of(0, -9, -0.5, -1, -0.1, -3), [3, 1, 2], ['layer', 'pos', 'rank']),
    finalRank: wireTensor(Int32Array.of(40, 0, 0), [3, 1], ['layer', 'pos']),
  };

  it('reads cells, ranks, and where the answer comes up to stay', () => {
    const reader = lensReader(lens);
    expect(reader.ranked(1, 0).map(({ id }) => id)).toEqual([7, 5]);
    expect(reader.ranked(0, 0)[0]?.probability).toBe(1);
    expect([0, 1, 2].map((layer) => reader.finalRank(layer, 0))).toEqual([40, 0, 0]);
    expect(reader.firstTop(0)).toBe(1);
  });
});

describe('what is drawn', () => {
  const result = { tokens: [token(0, 'old')], features: [], vocabulary: {} } as unknown as ExploreResult;
  const chunks: ExploreChunk[] = [
    { part: 'tokens', tokens: [token(3, 'new')] },
    { part: 'features', rows },
    { part: 'features', rows },
    { part: 'attribution', attribution },
  ];

  it('is what streams in where the last answer is of something else', () => {
    const parts = partsOf(result, chunks, true);
    expect(parts.tokens?.[0]?.text).toBe('new');
    expect(parts.features).toHaveLength(2);
    expect(parts).toMatchObject({ attribution, lens: null, next: null, done: false, stale: false });
  });

  it('is the answer that is there, until a newer one is whole', () => {
    expect(partsOf(result, chunks, false)).toMatchObject({ tokens: result.tokens, done: true, stale: false });
    expect(partsOf(result, [], true)).toMatchObject({ tokens: result.tokens, stale: true });
    expect(partsOf(null, [], false)).toMatchObject({ tokens: null, done: false });
  });
});
