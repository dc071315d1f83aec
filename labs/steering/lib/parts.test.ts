import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { completeSpec, type ExperimentSpec } from '../../../core/spec/index.ts';
import { lab, samplingOf, steerKey, type Steer, type SteeringParams } from '../spec.ts';
import {
  addSteer,
  removeSteer,
  setCell,
  setGrid,
  setPrompt,
  setSampling,
  setSteer,
  setStrength,
  setSweep,
  setTurns,
} from './change.ts';
import { conversationOf } from './conversation.ts';
import { differences } from '../../../core/stats/differences.ts';
import { neutralTexts } from './neutral.ts';
import { remember } from './remember.ts';
import { repeats } from './repeats.ts';
import { strengths } from './sweep.ts';
import { readVector } from './vector.ts';
import { troubles } from './warnings.ts';

const ids = fc.array(fc.nat(5), { maxLength: 14 });

describe('differences of two texts', () => {
  const rest = (text: readonly number[], marked: readonly boolean[]): number[] => text.filter((_, i) => marked[i] === false);
  /** Length of the longest common subsequence, by trying every one. */
  const longest = (a: readonly number[], b: readonly number[]): number => {
    const [first, ...others] = a;
    if (first === undefined || b.length === 0) return 0;
    const at = b.indexOf(first);
    return Math.max(longest(others, b), at < 0 ? 0 : 1 + longest(others, b.slice(at + 1)));
  };

  it('what is not marked is the same in both, and as long as can be', () => {
    fc.assert(
      fc.property(ids, ids, (a, b) => {
        const [inA, inB] = differences(a, b);
        expect([inA.length, inB.length]).toEqual([a.length, b.length]);
        expect(rest(a, inA)).toEqual(rest(b, inB));
        expect(rest(a, inA).length).toBe(longest(a, b));
      }),
      { numRuns: 200 },
    );
  });

  it('compares long texts place by place', () => {
    const long = Array.from({ length: 2100 }, (_, i) => i % 7);
    const other = long.map((id, i) => (i === 9 ? 99 : id));
    const [inA, inB] = differences(long, other);
    expect([inA.indexOf(true), inA.filter(Boolean).length, inB.indexOf(true)]).toEqual([9, 1, 9]);
  });
});

describe('repeats', () => {
  it('counts 4-grams that were there before', () => {
    expect(repeats([1, 2, 3, 4, 5, 6, 7, 8])).toBe(0);
    // Of 1111 1111 there are five, four of them again.
    expect(repeats([1, 1, 1, 1, 1, 1, 1, 1])).toBeCloseTo(4 / 5);
    expect(repeats([1, 2, 3, 4, 9, 1, 2, 3, 4])).toBeCloseTo(1 / 6);
    expect(repeats([1, 2, 3, 4])).toBeNull();
    // Ids must not run together.
    expect(repeats([1, 11, 1, 1, 5, 11, 1, 1, 1])).toBe(0);
  });
});

describe('what speaks for damage', () => {
  const coherence = (loss: number, share: number | null, own: number | null = 0) => ({
    loss: { default: 1, steered: loss },
    repeats: { default: own, steered: share },
  });
  const neutral = (steered: number) => ({ name: '', texts: 1, tokens: 1, default: 1, steered });

  it('names each, past its threshold only', () => {
    expect(troubles(coherence(1.5, 0.24), neutral(1.5))).toEqual([]);
    expect(troubles(coherence(1.51, 0.25), neutral(1.51))).toEqual(['repeats', 'loss', 'neutral']);
    expect(troubles(null, null)).toEqual([]);
  });

  it('does not blame the steering for what the model does by itself, nor for texts too short to repeat', () => {
    expect(troubles(coherence(1, 0.5, 0.6), null)).toEqual([]);
    expect(troubles(coherence(1, null, null), null)).toEqual([]);
    expect(troubles(coherence(1, 0.5, null), null)).toEqual(['repeats']);
  });
});

describe('a sweep', () => {
  it('goes evenly from end to end, through 0 exactly', () => {
    expect(strengths({ from: -4, to: 4, steps: 9 })).toEqual([-4, -3, -2, -1, 0, 1, 2, 3, 4]);
    expect(strengths({ from: -0.3, to: 0.3, steps: 7 })).toContain(0);
    expect(strengths({ from: -1, to: 1, steps: 3 }).some((x) => Object.is(x, -0))).toBe(false);
    expect(strengths({ from: 2, to: 1, steps: 2 })).toEqual([2, 1]);
  });
});

describe('a vector that was typed', () => {
  it('reads lists of numbers in any dress, and nothing else', () => {
    expect(readVector('[0.5, -1e-3, 2]')).toEqual([0.5, -1e-3, 2]);
    expect(readVector('1 \u22122\n3;4')).toEqual([1, -2, 3, 4]);
    for (const bad of ['', '[]', 'one', '1, two', '1 NaN', '1e999']) expect(readVector(bad)).toBeNull();
  });
});

describe('changes', () => {
  const feature = (n: number): Steer => ({
    kind: 'feature',
    sae: 's',
    feature: n,
    mode: 'add',
    strength: 1,
    positions: 'all',
    muted: false,
  });
  const params: SteeringParams = {
    steers: [feature(1), feature(2)],
    turns: [],
    grid: null,
    sweep: { steer: 1, from: -4, to: 4, steps: 9, texts: 2 },
  };
  const spec = completeSpec({ ...lab.defaults, params: params as never }, lab) as ExperimentSpec;
  const after = (change: (spec: ExperimentSpec) => ExperimentSpec): SteeringParams => completeSpec(change(spec), lab).params;

  it('another strength of the swept steer keeps the sweep; everything else has it asked for again', () => {
    expect(after(setStrength(1, -3))).toEqual({
      turns: [],
      grid: null,
      steers: [feature(1), { ...feature(2), strength: -3 }],
      sweep: params.sweep,
    });
    for (const change of [
      setStrength(0, 2),
      setSteer(1, (s) => ({ ...s, muted: true })),
      addSteer(feature(3)),
      removeSteer(0),
      setPrompt({ text: 'x' }),
      setSampling({ temperature: 0 }, 7),
    ])
      expect(after(change).sweep).toBeNull();
    expect(after(removeSteer(0)).steers).toEqual([feature(2)]);
    expect(after(setSweep(null)).sweep).toBeNull();
  });

  it('a grid stays while its own contrast moves, and goes with anything else', () => {
    const asked = { steer: 1, from: -2, to: 2, steps: 9, answer: ' Ahoy' };
    const own = { kind: 'contrast', hook: 'blocks.0.hook_resid_post', pairs: [{ positive: 'a', negative: 'b' }] };
    const with1 = { ...spec, params: { steers: [feature(1), own], grid: asked } } as unknown as ExperimentSpec;
    const now = (change: (spec: ExperimentSpec) => ExperimentSpec): SteeringParams => completeSpec(change(with1), lab).params;
    expect(now(setStrength(1, -3)).grid).toEqual(asked);
    const moved = now(setCell(1, 'blocks.3.hook_resid_post' as never, 0.5));
    expect(moved.grid).toEqual(asked);
    expect(moved.steers[1]).toMatchObject({ hook: 'blocks.3.hook_resid_post', strength: 0.5 });
    expect(moved.steers[0]).toEqual(feature(1));
    for (const change of [setStrength(0, 2), setPrompt({ text: 'x' }), setGrid(null), removeSteer(0)])
      expect(now(change).grid).toBeNull();
  });

  it('a change of the sampling keeps its seed, and brings one where there was none', () => {
    expect(samplingOf(setSampling({ topP: 0.5 }, 7)(spec))).toMatchObject({ topP: 0.5, seed: spec.sampling!.seed });
    const { sampling: _none, ...bare } = spec;
    expect(setSampling({ topP: 0.5 }, 7)(bare).sampling).toEqual({ seed: 7, topP: 0.5 });
  });

  it('steers are told apart by what they act on, not by how strongly', () => {
    expect(steerKey(feature(1))).toBe(steerKey({ ...feature(1), strength: 9, positions: 'prompt', muted: true }));
    expect(steerKey(feature(1))).not.toBe(steerKey(feature(2)));
  });
});

describe('what is remembered', () => {
  it('is computed once, forgotten when much else came, and never kept where it failed', async () => {
    let n = 0;
    const ask = (key: string): Promise<number> => remember(['test', key], () => Promise.resolve(++n));
    expect([await ask('a'), await ask('a'), await ask('b')]).toEqual([1, 1, 2]);
    for (let i = 0; i < 80; i++) await ask(`other ${i}`);
    expect(await ask('a')).toBe(83);
    await expect(remember(['test', 'fails'], () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await remember(['test', 'fails'], () => Promise.resolve(5))).toBe(5);
  });
});

it('neutral text is always the same twelve documents', () => {
  expect(neutralTexts()).toHaveLength(12);
  expect(neutralTexts()).toEqual(neutralTexts());
  expect(new Set(neutralTexts()).size).toBe(12);
});

describe('a chat that goes on', () => {
  const turn = { default: 'A', steered: 'B', user: 'And then?' };
  it('is another one for each column', () => {
    const prompt = { messages: [{ role: 'user' as const, content: 'Hello' }] };
    expect(conversationOf(prompt, [], 'default')).toBe(prompt);
    for (const [side, answer] of [
      ['default', 'A'],
      ['steered', 'B'],
    ] as const)
      expect(conversationOf(prompt, [turn, turn], side)).toEqual({
        messages: [
          { role: 'user', content: 'Hello' },
          { role: 'assistant', content: answer },
          { role: 'user', content: 'And then?' },
          { role: 'assistant', content: answer },
          { role: 'user', content: 'And then?' },
        ],
      });
  });
  it('goes on within the answer that the reader began', () => {
    const begun = {
      messages: [
        { role: 'user' as const, content: 'Hello' },
        { role: 'assistant' as const, content: 'Well,' },
      ],
    };
    expect(conversationOf(begun, [turn], 'steered')).toEqual({
      messages: [
        { role: 'user', content: 'Hello' },
        { role: 'assistant', content: 'Well,B' },
        { role: 'user', content: 'And then?' },
      ],
    });
  });
  it('begins anew with another prompt', () => {
    const spec = { ...lab.defaults, params: { ...lab.defaults.params, turns: [turn] } } as unknown as ExperimentSpec;
    expect(setPrompt({ text: 'x' })(spec).params['turns']).toEqual([]);
    expect(setTurns([turn, turn])(spec).params['turns']).toHaveLength(2);
  });
});
