import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { asHook } from '../../core/hooks.ts';
import { wireTensor } from '../../core/protocol/wire-tensor.ts';
import type { WrittenToken } from '../../core/written.ts';
import { completeSpec } from '../../core/spec/index.ts';
import type { Steer } from './spec.ts';
import type { SteeringChunk, SteeringResult } from './result.ts';
import { lab, steerKey } from './spec.ts';
import { view } from './view.tsx';
import { panelProps } from '../../app/state/testing/panel.ts';

const word = (id: number, text: string, p = 0.5): WrittenToken => ({
  token: { id, text },
  logProb: Math.log(p),
  top: [{ token: { id, text }, logit: 3, logProb: Math.log(p) }],
});
const steer: Steer = {
  kind: 'feature',
  sae: 'blocks.1.hook_resid_post',
  feature: 12,
  mode: 'add',
  strength: 2,
  positions: 'all',
  muted: false,
};
const hook = asHook('blocks.1.hook_resid_post');
const prompt = [
  { id: 0, text: '<s>' },
  { id: 1, text: 'Once' },
];
const result: SteeringResult = {
  prompt,
  features: [{ sae: steer.sae, hook, dSae: 64, top: [{ feature: 5, activation: 2, max: 4, position: 1 }] }],
  default: { tokens: [word(2, ' upon'), word(3, ' a'), word(4, ' time')], ending: 'length' },
  steered: { tokens: [word(2, ' upon'), word(5, ' <b>the</b>', 0.25), word(4, ' time')], ending: 'stop' },
  kl: wireTensor(Float32Array.of(0, 2 * Math.LN2, 0.25 * Math.LN2), [3], ['pos']),
  coherence: { loss: { default: 1, steered: 1.2 }, repeats: { default: 0, steered: 0 } },
  steers: [
    {
      key: steerKey(steer),
      hook,
      unit: 'max',
      scale: 8,
      norm: 1,
      streamNorm: 40,
      reading: { default: 0.1, text: 0.4, steered: 9 },
      along: {
        default: wireTensor(Float32Array.of(3, 0, 0.5, 0, 0), [5], ['pos']),
        steered: wireTensor(Float32Array.of(3, 0, 0.5, -0.25, 0), [5], ['pos']),
      },
    },
  ],
  moved: [{ sae: steer.sae, feature: 30, without: 1, with: 0.5, max: 3 }],
  neutral: { name: 'some text', texts: 2, tokens: 50, default: 1, steered: 1.1 },
  sweep: null,
  grid: null,
};

interface State {
  readonly params?: object;
  readonly prompt?: string;
  readonly shown?: SteeringResult | null;
  readonly chunks?: readonly SteeringChunk[];
  readonly stale?: boolean;
  readonly view?: object;
}
function draw({ params = { steers: [steer] }, shown = result, chunks = [], stale = false, view: look = {} }: State = {}): string {
  const spec = completeSpec({ ...lab.defaults, prompts: [{ text: 'Once' }], params: params as never, view: look as never }, lab);
  return renderToStaticMarkup(<view.Panel {...panelProps(spec, { result: shown, chunks, stale })} />);
}
const column = (html: string, side: 'Default' | 'Steered'): string =>
  new RegExp(`aria-label="${side} text".*?</section>`, 's').exec(html)?.[0] ?? '';
const tokens = (html: string): string[] => [...html.matchAll(/<button[^>]*data-index.*?<\/button>/gs)].map(([mark]) => mark);

describe('the steering panel', () => {
  it('sets both texts side by side, marks what is not in the other, and bars how far each token was moved', () => {
    const html = draw();
    const [plain, steered] = [tokens(column(html, 'Default')), tokens(column(html, 'Steered'))];
    expect(plain.map((mark) => mark.includes('not in the other text'))).toEqual([false, true, false]);
    expect(steered.map((mark) => mark.includes('not in the other text'))).toEqual([false, true, false]);
    expect(steered.map((mark) => /--kl:([\d.]+)/.exec(mark)?.[1])).toEqual(['0', '0.5', '0.0625']);
    expect(steered[1]).toContain('moved by 2.00 bits');
    expect(steered[1]).toContain('probability 25.0\u00a0%');
    expect(plain.every((mark) => mark.includes('--kl:0'))).toBe(true);
    expect(html).toContain('3 new tokens. Ends here because that many tokens were asked for.');
    expect(html).toContain('The model ended the text here.');
  });

  it('goes on from a chat: its template is shown, what closes the turn is not', () => {
    const prompts = [
      {
        messages: [
          { role: 'user' as const, content: 'Hello' },
          { role: 'assistant' as const, content: 'Well,' },
        ],
      },
    ];
    const spec = completeSpec({ ...lab.defaults, prompts, params: { steers: [steer] } as never }, lab);
    const html = renderToStaticMarkup(<view.Panel {...panelProps(spec, { result, chunks: [], stale: false })} />);
    expect(html).toContain('The model goes on with the last message.');
    expect(column(html, 'Steered')).toContain('&lt;s&gt;Once');
    expect(tokens(column(html, 'Default'))).toHaveLength(3);
    expect(tokens(column(html, 'Steered'))).toHaveLength(2);
    const waiting = renderToStaticMarkup(<view.Panel {...panelProps(spec, { result: null, chunks: [], stale: false })} />);
    expect(column(waiting, 'Default')).toContain('Hello\n\nWell,');
  });

  it('draws what a model writes as text', () => {
    const html = draw();
    expect(html).not.toContain('<b>the</b>');
    expect(html).toContain('&lt;b&gt;the&lt;/b&gt;');
  });

  it('says exactly what is added, with numbers once they are known', () => {
    const known = draw();
    expect(known).toContain('Adds +2.00 × 8.00 (its largest known activation) = +16.0, times its decoder direction');
    expect(known).toContain('A push of length 16.0, beside a mean length of 40.0 there on this prompt.');
    expect(draw({ shown: null })).toContain('Adds +2.00 × its largest known activation, times');
    const clamp = { ...steer, mode: 'clamp', strength: -1.5, positions: 'prompt' };
    expect(draw({ params: { steers: [clamp] } })).toContain(
      'Sets the feature to −1.50 × 8.00 (its largest known activation) = −12.0',
    );
    expect(draw({ params: { steers: [clamp] } })).toContain('at the prompt only');
    expect(draw({ params: { steers: [{ ...steer, muted: true }] } })).toContain('Muted: adds nothing.');
    expect(draw({ params: { steers: [{ ...steer, positions: 'generated' }] } })).toContain('the first new one is chosen before');
    // Facts of another feature are not this one's.
    expect(draw({ params: { steers: [{ ...steer, feature: 13 }] } })).not.toContain('A push of length');
  });

  it('has a slider around 0 that says its value in words', () => {
    expect(draw()).toMatch(
      /type="range" min="-4" max="4"[^>]*aria-label="Strength of feature 12" aria-valuetext="\+2\.00 × max"/,
    );
    expect(draw({ params: { steers: [{ ...steer, strength: -7.5 }] } })).toContain('min="-8" max="8"');
  });

  it('measures what was steered, the language, and what else moved', () => {
    const html = draw();
    for (const text of ['largest known 8.00', '0.100', '0.400', '9.00', 'loss on neutral text', 'n = 50', '+0.100 nats', '· 30'])
      expect(html).toContain(text);
    expect(html).toContain('href="#/feature/primer/blocks.1.hook_resid_post/30"');
  });

  it('warns of damage, and calls a text that is merely unlikely what it is', () => {
    const said = (change: Partial<SteeringResult>): string => draw({ shown: { ...result, ...change } });
    expect(draw()).not.toContain('damage');
    const unlikely = { ...result.coherence, loss: { default: 1, steered: 3 } };
    expect(said({ coherence: unlikely })).toContain('The model would hardly write this by itself');
    expect(said({ coherence: unlikely })).not.toContain('damage');
    expect(said({ coherence: { ...unlikely, repeats: { default: 0, steered: 0.6 } } })).toMatch(
      /more like damage.*repeats itself: 60\.0/s,
    );
    expect(said({ neutral: { ...result.neutral, steered: 2 } })).toMatch(/more like damage.*reads ordinary text much worse/s);
  });

  it('streams: both texts as far as they are written, then the measurements', () => {
    const begun: SteeringChunk[] = [{ part: 'prompt', tokens: prompt, features: [] }];
    expect(draw({ shown: null, chunks: begun })).toContain('On its way.');
    const writing: SteeringChunk[] = [
      ...begun,
      { part: 'token', side: 'default', tokens: [word(2, ' upon')] },
      { part: 'token', side: 'steered', tokens: [word(2, ' upon')] },
      { part: 'token', side: 'steered', tokens: [word(9, ' nothing')] },
    ];
    const html = draw({ shown: null, chunks: writing });
    expect(tokens(column(html, 'Default'))).toHaveLength(1);
    expect(tokens(column(html, 'Steered'))).toHaveLength(2);
    expect(html).toContain('What it did is measured once the text is written');
    // An older answer gives way with the first new token, not before.
    expect(draw({ stale: true, chunks: begun })).toContain('data-stale');
    const replaced = draw({ stale: true, chunks: writing });
    expect(replaced).toContain('nothing');
    expect(replaced).not.toContain('data-stale');
  });

  it('shows what else might have come at a token that is picked, and survives a link that points past the end', () => {
    const html = draw({ view: { token: { side: 'steered', index: 1 } } });
    expect(html).toContain('New token 2, steered: “ &lt;b&gt;the&lt;/b&gt;”, drawn with probability 25.0');
    expect(draw({ view: { token: { side: 'steered', index: 900 } } })).not.toContain('New token');
  });

  it('says so, and what to press, where nothing is steered or was run', () => {
    expect(draw({ params: {}, shown: { ...result, steers: [], moved: [] } })).toContain('Nothing is steered yet. Add a feature');
    expect(draw({ shown: null })).toContain('Nothing was written yet.');
    expect(draw({ shown: null })).toContain('Run to see what it does.');
  });

  it('draws a sweep as far as it is, with its finding', () => {
    const point = (strength: number, effect: number, loss: number) => ({ strength, effect, loss, repeats: 0 });
    const sweep = {
      steer: 0,
      tokens: 24,
      texts: 2,
      reference: point(0, 0.1, 1),
      points: [point(0, 0.1, 1), point(1, 3, 1.4), point(2, 9, 4)],
    };
    const params = { steers: [steer], sweep: { steer: 0, steps: 5 } };
    const html = draw({ params, shown: { ...result, sweep } });
    expect(html).toContain(
      'Of the strengths that cost at most 0.5 nats of coherence, +1.00 shows most of feature 12: 3.00, by itself 0.100.',
    );
    expect(html).toContain('2 strengths to come.');
    expect([...html.matchAll(/data-tip="[^"]*: (effect|loss) /g)]).toHaveLength(6);
    expect(draw({ params, shown: { ...result, sweep: null } })).toContain('Run to sweep.');
    expect(draw()).toContain('Sweep the strength');
  });

  it('compares methods in one picture: a line each, and the best of each that stays coherent', () => {
    const point = (strength: number, effect: number | null, loss: number) => ({ strength, effect, loss, repeats: 0 });
    const sweep = {
      steer: 0,
      tokens: 24,
      texts: 2,
      reference: point(0, 0.1, 1),
      points: [point(1, 3, 1.4), point(2, 9, 4)],
      compared: [
        { method: 'set' as const, points: [point(1, 2, 1.2), point(2, 5, 1.45)] },
        { method: 'scale' as const, points: [point(1, 0.1, 1), point(2, null, 1)] },
      ],
    };
    const params = { steers: [steer], sweep: { steer: 0, steps: 2, compare: true } };
    const html = draw({ params, shown: { ...result, sweep } });
    expect(html).toContain('Methods compared');
    expect(html).toContain('add 3.00 (at +1.00), set 5.00 (at +2.00), scale 0.100 (at +1.00); by itself 0.100.');
    const marks = (method: string): number => [...html.matchAll(new RegExp(`data-tip="${method}, [^"]* nats"`, 'g'))].length;
    expect(['add', 'set', 'scale'].map(marks)).toEqual([2, 2, 1]);
    expect(html).not.toContain('to come');
    expect(html).not.toContain('Compare methods');
    expect(draw({ params: { steers: [steer], sweep: { steer: 0 } }, shown: { ...result, sweep: null } })).toContain(
      'Compare methods',
    );
    const contrast = lab.defaults.params as unknown as { readonly steers: readonly Steer[] };
    expect(draw({ params: { ...contrast, sweep: { steer: 0 } }, shown: null })).not.toContain('Compare methods');
  });

  it('shows how much of a direction each token carries, without the token in front', () => {
    const html = draw();
    const rows = [...(/<dl[^>]*along.*?<\/dl>/s.exec(html)?.[0] ?? '').matchAll(/<dd[^>]*>(.*?)<\/dd>/gs)].map(([, row]) => row!);
    expect(rows).toHaveLength(2);
    expect(rows[1]).toContain('−0.250');
    expect(rows[0]).not.toContain('−0.250');
    expect(html).toContain('Token by token');
  });

  it('draws layers and strengths of a contrast, and offers the first word of the steered text as the answer', () => {
    const contrast = (lab.defaults.params as unknown as { readonly steers: readonly Steer[] }).steers[0]!;
    const grid = {
      steer: 0,
      answer: { id: 7, text: ' Ahoy' },
      strengths: [-1, 0, 1],
      hooks: [asHook('blocks.0.hook_resid_post'), hook],
      reference: 0.2,
      probability: wireTensor(Float32Array.of(0.1, 0.2, 0.7, NaN, NaN, NaN), [2, 3], ['layer', 'step']),
      norms: [2],
    };
    const params = { steers: [contrast], grid: { steer: 0, answer: ' Ahoy' } };
    const html = draw({ params, shown: { ...result, grid } });
    expect(html).toContain('“ Ahoy” is the next token with probability 20.0');
    expect(html).toContain('at most 70.0');
    expect(html).toContain('at layer 0 and +1.0');
    expect(html).toContain('3 cells to come');
    expect(draw({ params: { steers: [contrast] } })).toMatch(/value=" upon"/);
    expect(draw()).not.toContain('Try every layer');
  });
});
