import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { hookName } from '../../core/hooks.ts';
import { wireTensor } from '../../core/protocol/wire-tensor.ts';
import { completeSpec } from '../../core/spec/index.ts';
import type { ExploreChunk, ExploreResult } from './result.ts';
import { lab, type ExploreView } from './spec.ts';
import { view } from './view.tsx';
import { panelProps } from '../../app/state/testing/panel.ts';

const text = (id: number, word: string) => ({ id, text: word });
const tokens = [text(0, '<s>'), text(1, 'To'), text(2, ' Mary')];
const vocabulary = { '0': tokens[0]!, '1': tokens[1]!, '2': tokens[2]!, '3': text(3, ' John') };

const next: ExploreResult['next'] = {
  ids: wireTensor(Int32Array.of(1, 2, 2, 3, 3, 2), [3, 2], ['pos', 'rank']),
  logits: wireTensor(Float32Array.of(1, 0, 1, 0, 4, 1), [3, 2], ['pos', 'rank']),
  logProbs: wireTensor(Float32Array.from([0.6, 0.3, 0.5, 0.4, 0.9, 0.05], Math.log), [3, 2], ['pos', 'rank']),
};
const result: ExploreResult = {
  tokens,
  surprisal: wireTensor(Float32Array.of(NaN, 2.5, 7.5), [3], ['pos']),
  next,
  vocabulary,
  features: [
    {
      sae: 'blocks.0.hook_resid_post',
      hook: hookName('resid_post', 0),
      dSae: 8,
      offsets: wireTensor(Int32Array.of(0, 1, 1, 3), [4], ['pos']),
      indices: wireTensor(Int32Array.of(7, 4, 7), [3], ['feature']),
      values: wireTensor(Float32Array.of(90, 3, 1), [3], ['feature']),
      maxKnown: wireTensor(Float32Array.of(100, 4, 100), [3], ['feature']),
      fvu: 0.05,
    },
  ],
  lens: {
    hooks: [hookName('resid_pre', 0), hookName('resid_post', 0)],
    ids: wireTensor(Int32Array.of(0, 1, 1, 2, 2, 3, 1, 2, 2, 3, 3, 2), [2, 3, 2], ['layer', 'pos', 'rank']),
    logProbs: wireTensor(new Float32Array(12).fill(-0.7), [2, 3, 2], ['layer', 'pos', 'rank']),
    finalRank: wireTensor(Int32Array.of(5, 3, 1, 0, 0, 0), [2, 3], ['layer', 'pos']),
  },
  attention: {
    pattern: wireTensor(Float32Array.of(1, 0, 0, 0.5, 0.5, 0, 0.2, 0.7, 0.1), [1, 1, 3, 3], ['layer', 'head', 'query', 'key']),
    valueWeighted: wireTensor(new Float32Array(9).fill(1), [1, 1, 3, 3], ['layer', 'head', 'query', 'key']),
  },
  attribution: {
    a: text(3, ' John'),
    b: text(2, ' Mary'),
    position: 2,
    difference: 3,
    components: [
      { kind: 'embed', layer: null, head: null, value: 0.5 },
      { kind: 'head', layer: 0, head: 0, value: 4 },
      { kind: 'mlp', layer: 0, head: null, value: -2 },
    ],
    constant: 0.5,
    features: [{ sae: 'blocks.0.hook_resid_post', feature: 4, activation: 3, value: 1.25 }],
  },
};

interface State {
  readonly shown?: ExploreResult | null;
  readonly chunks?: readonly ExploreChunk[];
  readonly stale?: boolean;
  readonly saes?: readonly string[];
}
function draw(
  change: Partial<ExploreView> = {},
  { shown = result, chunks = [], stale = false, saes = ['x'] }: State = {},
): string {
  const spec = completeSpec(
    { ...lab.defaults, saes, prompts: [{ text: 'To Mary' }], view: change as object as { [key: string]: never } },
    lab,
  );
  return renderToStaticMarkup(<view.Panel {...panelProps(spec, { result: shown, chunks, stale })} />);
}

describe('the explore panel', () => {
  it('shows what is active on the selected token, strongest first, with its share of the largest known', () => {
    const html = draw();
    expect(html).toContain('Strongest on “ Mary”');
    expect(html).toContain(
      '2 features are active on “ Mary”; the strongest is feature 4 at 3.00, 75.0\u00a0% of the largest known',
    );
    expect(html.indexOf('Feature 4 of')).toBeLessThan(html.indexOf('Feature 7 of'));
    expect(html).toContain('5.00\u00a0% of the variance');
  });

  it('says where the lens finds the answer', () => {
    const html = draw({ tab: 'lens' });
    expect(html).toContain('After “ Mary” the model answers “ John”. Only the last layer has it on top.');
    expect(html).toContain('climbs from 2nd to 1st');
  });

  it('says where a head reads', () => {
    expect(draw({ tab: 'attention' })).toContain('From “ Mary” it reads “To” (70.0\u00a0%)');
  });

  it('shows a sum that leaves nothing out', () => {
    const html = draw({ tab: 'next' });
    for (const part of ['embeddings <b>+0.500</b>', 'heads <b>+4.00</b>', 'MLPs <b>−2.00</b>', 'constant <b>+0.500</b>'])
      expect(html).toContain(part);
    expect(html).toContain('sum <b>+3.00</b> · measured <b>+3.00</b>');
    expect(html).not.toContain('off by');
  });

  it('does not hide it when a sum is off', () => {
    const off = { ...result, attribution: { ...result.attribution!, difference: 3.2 } };
    expect(draw({ tab: 'next' }, { shown: off })).toContain('off by 0.200');
  });

  it('draws each part as it comes, and keeps the place of the rest', () => {
    expect(draw({}, { shown: null })).toContain('The tokens are on their way');
    const first: ExploreChunk[] = [{ part: 'tokens', tokens }];
    const begun = draw({}, { shown: null, chunks: first });
    expect(begun).toContain('Features are on their way');
    expect(begun).toContain('The next token is on its way');
    const more = draw({}, { shown: null, chunks: [...first, { part: 'next', next, surprisal: result.surprisal, vocabulary }] });
    expect(more).toContain('The model expects “ John” with 90.0\u00a0%');
    expect(more).toContain('Features are on their way');
  });

  it('dims an answer to what was asked before, and does not count its tokens', () => {
    const html = draw({}, { stale: true });
    expect(html).toContain('data-stale');
    expect(html).not.toContain('3 tokens');
    expect(draw()).toContain('3 tokens');
  });

  it('is asked in a chat, where the prompt is one', () => {
    const prompts = [{ messages: [{ role: 'user' as const, content: 'Who gave it to Mary?' }] }];
    const spec = completeSpec({ ...lab.defaults, prompts }, lab);
    const html = renderToStaticMarkup(<view.Panel {...panelProps(spec, { result, chunks: [], stale: false })} />);
    expect(html).toContain('Who gave it to Mary?');
    expect(html).toContain('The model answers next.');
    expect(html).toContain('Strongest on “ Mary”');
  });

  it('says so, and what to press, where no dictionary is chosen', () => {
    const html = draw({}, { saes: [], shown: { ...result, features: [] } });
    expect(html).toContain('No dictionary is chosen');
    expect(html).toContain('Read with one');
  });

  it('survives a link that points past the end of a shorter prompt', () => {
    for (const tab of ['features', 'lens', 'attention', 'next'] as const)
      expect(draw({ tab, token: 99, rangeEnd: 4000, cell: { layer: 90, pos: 90 }, head: { layer: 9, head: 9 } })).toContain(
        '“ Mary”',
      );
  });
});
