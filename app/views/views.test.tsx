import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { stripColour } from '../charts/scales/colour.ts';
import { ExampleList } from './ExampleList.tsx';
import { FeatureTable, type FeatureItem } from './FeatureTable.tsx';
import { Figure } from './Figure.tsx';
import { GammaSlider } from './GammaSlider.tsx';
import { NextTokens } from './NextTokens.tsx';
import { PromptBox } from './PromptBox.tsx';
import { TokenStrip } from './TokenStrip.tsx';

const nothing = (): void => undefined;
const tokens = [
  { id: 0, text: '<|endoftext|>' },
  { id: 5, text: 'When' },
  { id: 6, text: ' Mary' },
  { id: 7, text: ' <b>&' },
];

/** The buttons of a strip, by position. */
const marks = (html: string): string[] => [...html.matchAll(/<button[^>]*data-position.*?<\/button>/gs)].map(([mark]) => mark);

describe('TokenStrip', () => {
  const strip = (extra: object = {}): string[] =>
    marks(
      renderToStaticMarkup(
        <TokenStrip label="t" tokens={tokens} selected={{ from: 1, to: 2 }} onSelect={nothing} bosId={0} {...extra} />,
      ),
    );

  it('has one button a token, the selected ones pressed, one stop for the keyboard', () => {
    const found = strip();
    expect(found).toHaveLength(4);
    expect(found.map((mark) => mark.includes('aria-pressed="true"'))).toEqual([false, true, true, false]);
    expect(found.filter((mark) => mark.includes('tabindex="0"'))).toHaveLength(1);
  });

  it('shades by value, but never the beginning of the text', () => {
    const found = strip({ shade: { values: [9, 0, 1.5, 3], full: 3, name: 'feature 4' } });
    expect(found.map((mark) => /background:(#\w+)/.exec(mark)?.[1])).toEqual([
      undefined,
      undefined,
      stripColour(0.5, 'light'),
      stripColour(1, 'light'),
    ]);
    expect(found[2]).toContain('feature 4 1.50');
  });

  it('shades by a power of the value where one is set, whose slider says so', () => {
    const found = strip({ shade: { values: [9, 0, 0.75, 3], full: 3, name: 'feature 4', gamma: 0.5 } });
    expect(found[2]).toContain(`background:${stripColour(0.5, 'light')}`);
    expect(found[2]).toContain('feature 4 0.750');
    const slider = renderToStaticMarkup(<GammaSlider value={0.5} onChange={nothing} />);
    expect(slider).toMatch(/type="range" min="-2" max="1" step="0.25"[^>]*aria-valuetext="faint more, γ 0.50"[^>]*value="-1"/);
    expect(renderToStaticMarkup(<GammaSlider value={1} onChange={nothing} />)).toContain(
      'disabled="" data-tip="Back to even shades">even',
    );
  });

  it('tells the surprise in words, and nothing where there is none', () => {
    const found = strip({ surprisal: [NaN, 3.25, 0.5, 40] });
    expect(found[0]).toContain('BOS</button>');
    expect(found[0]).not.toContain('surprise');
    expect(found[1]).toContain('surprise 3.25 bits');
    expect(found[3]).toContain('--bits:1');
  });

  it('shows hostile text as text', () => {
    expect(strip()[3]).toContain('&lt;b&gt;&amp;');
    expect(strip()[3]).not.toContain('<b>');
  });
});

describe('the other views', () => {
  const item: FeatureItem = {
    key: 's/413',
    sae: 's',
    feature: 413,
    layer: 2,
    site: 'L2 resid_post',
    name: { name: null, from: 'none', f1: null },
    activation: 8.224,
    shares: [0, 0.5, 1],
    maxKnown: 8.94,
    pinned: true,
  };

  it('say “No label yet” rather than pass an id for a name', () => {
    const html = renderToStaticMarkup(<FeatureTable label="f" items={[item]} marked={null} onPin={nothing} />);
    expect(html).toContain('No label yet');
    expect(html).toContain('Feature 413 of L2 resid_post: No label yet. Activation 8.22, largest known 8.94. Unpin');
    expect(html).toContain('aria-pressed="true"');
  });

  it('say of a name that it is a match with the curriculum, and how well; a reader’s label is only itself', () => {
    const table = (name: FeatureItem['name']): string =>
      renderToStaticMarkup(
        <FeatureTable label="f" items={[{ ...item, name }]} marked={null} onPin={nothing} steer={() => '#/lab/steering?s=1.x'} />,
      );
    const match = table({ name: 'Name, subject', from: 'truth', f1: 0.914 });
    expect(match).toContain('Feature 413 of L2 resid_post: Name, subject, a match with F1 0.914. Activation');
    expect(match).toContain('413 · F1 0.914');
    expect(match).toContain('From ground truth');
    const own = table({ name: 'who acts', from: 'reader', f1: null });
    expect(own).toContain('Feature 413 of L2 resid_post: who acts. Activation');
    expect(own).not.toMatch(/F1|ground truth/);
    expect(table({ name: null, from: 'waiting', f1: null })).not.toContain('No label yet');
    expect(own).toMatch(/<a href="#\/lab\/steering\?s=1\.x"[^>]*aria-label="Steer with feature 413 of L2 resid_post"/);
  });

  it('print probabilities with both ends honest', () => {
    const html = renderToStaticMarkup(
      <NextTokens
        label="n"
        tokens={[
          { token: { id: 1, text: ' a' }, probability: 0.92 },
          { token: { id: 2, text: '\n' }, probability: 1e-6 },
        ]}
      />,
    );
    expect(html).toContain('·a');
    expect(html).toContain('↵');
    expect(html).toContain('92.0\u00a0%');
    expect(html).toContain('&lt;\u00a00.01\u00a0%');
  });

  it('keep what the reader typed, count it, and say when it is too long', () => {
    const box = (tokensOf: number | null): string =>
      renderToStaticMarkup(
        <PromptBox
          label="Prompt"
          value={'a <b>\nb'}
          onChange={nothing}
          running={false}
          onRun={nothing}
          onStop={nothing}
          tokens={tokensOf}
          limit={128}
        />,
      );
    expect(box(5)).toContain('5 of 128 tokens');
    expect(box(5)).toContain('a &lt;b&gt;\nb</textarea>');
    expect(box(200)).toContain('too long');
    expect(box(null)).not.toContain('of 128');
  });

  it('give every picture its finding, and its numbers as a table', () => {
    const html = renderToStaticMarkup(
      <Figure title="t" caption="The finding." data={{ columns: ['a'], rows: () => [[1]] }} file="f">
        <p>picture</p>
      </Figure>,
    );
    expect(html).toMatch(/<figure.*<figcaption.*The finding\..*View as table/s);
  });
});

describe('PromptBox', () => {
  const box = (running: boolean): string =>
    renderToStaticMarkup(
      <PromptBox label="Prompt" value="x" onChange={nothing} running={running} onRun={nothing} onStop={nothing} />,
    );

  it('Stop stands beside Run, never in its place, so that a press meant for one does not hit the other', () => {
    const places = (html: string): string[] => [...html.matchAll(/>(Stop|Run)<\/button>/g)].map(([, name]) => name ?? '');
    expect(places(box(true))).toEqual(['Stop', 'Run']);
    expect(places(box(false))).toEqual(['Stop', 'Run']);
    expect(/<button[^>]*data-hidden=""[^>]*>Stop/.test(box(false))).toBe(true);
    expect(/<button[^>]*data-hidden[^>]*>Stop/.test(box(true))).toBe(false);
  });
});

describe('ExampleList', () => {
  const item = { key: 'a', tokens, values: [0, 0, 2, 0], position: 2, value: 2, source: 'ioi', repeats: 3 };
  const list = (extra: object = {}): string =>
    renderToStaticMarkup(
      <ExampleList label="l" items={[item]} full={4} context="full" breaks={false} values={false} bosId={0} {...extra} />,
    );

  it('tells the value of a token by its tip, which the keyboard reaches, and that of no other', () => {
    const html = list();
    expect(html).toContain('data-tip="“ Mary”\nactivation 2.00" tabindex="-1"');
    expect(html.match(/data-tip/g)).toHaveLength(1);
    expect(html).toMatch(/role="group"[^>]*tabindex="0"|tabindex="0"[^>]*role="group"/);
  });

  it('says how many texts read the same, and shows them below it where they can be had', () => {
    expect(list()).toContain('and 3 more that read the same');
    expect(list()).not.toContain('aria-expanded');
    const unfolds = { isOpen: () => false, onToggle: nothing };
    expect(list({ unfolds })).toMatch(/<button[^>]*aria-expanded="false"[^>]*>and 3 more that read the same<\/button>/);
    const below = { key: 'a', shown: <p>the others</p> };
    expect(list({ unfolds, below: { ...below, key: 'b' } })).not.toContain('the others');
    expect(list({ unfolds: { ...unfolds, isOpen: () => true }, below })).toMatch(/aria-expanded="true".*the others/s);
  });
});
