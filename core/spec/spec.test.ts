import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { VitrineError } from '../protocol/errors.ts';
import { experiment } from '../testing/arbitraries.ts';
import {
  canonicalJson,
  completeSpec,
  hashSpec,
  LIMITS,
  minimalSpec,
  parseSpec,
  type ExperimentSpec,
  type LabDefinition,
} from './index.ts';

const lab: LabDefinition<{ k: number }, { tab: string }> = {
  id: 'explore',
  version: 1,
  title: 'T',
  question: 'Q',
  needs: {},
  params: v.strictObject({ k: v.optional(v.number(), 5) }),
  view: v.strictObject({ tab: v.optional(v.string(), 'a') }),
  defaults: { v: 1, lab: 'explore', labV: 1, model: 'primer', prompts: [], params: {} },
};
const spec = (change: object = {}): ExperimentSpec => ({ ...lab.defaults, ...change });

describe('experiments', () => {
  it('canonical JSON does not depend on the order of keys', () => {
    const shuffled = (x: unknown): unknown =>
      Array.isArray(x)
        ? x.map(shuffled)
        : typeof x === 'object' && x !== null
          ? Object.fromEntries(
              Object.entries(x)
                .toReversed()
                .map(([k, y]) => [k, shuffled(y)]),
            )
          : x;
    fc.assert(
      fc.property(experiment, (s) => {
        expect(canonicalJson(shuffled(s))).toBe(canonicalJson(s));
      }),
    );
    for (const bad of [NaN, Infinity, () => 1, Symbol('x'), 1n]) expect(() => canonicalJson({ bad })).toThrow(TypeError);
  });

  it('parsing is idempotent', () => {
    fc.assert(
      fc.property(experiment, (s) => {
        expect(parseSpec(parseSpec(s))).toEqual(parseSpec(s));
      }),
    );
  });

  it('defaults and the view do not change the hash; everything else does', () => {
    const base = hashSpec(spec(), lab);
    expect(base).toMatch(/^[0-9a-f]{64}$/);
    for (const same of [{ params: { k: 5 } }, { saes: [] }, { interventions: [] }, { view: { tab: 'b' } }])
      expect(hashSpec(spec(same), lab)).toBe(base);
    const others = [
      { params: { k: 6 } },
      { model: 'x' },
      { prompts: [{ text: 'a' }] },
      { saes: ['s'] },
      { sampling: { seed: 1 } },
      { interventions: [{ kind: 'zero', hook: 'hook_embed' }] },
    ];
    expect(new Set([base, ...others.map((o) => hashSpec(spec(o), lab))]).size).toBe(others.length + 1);
    expect(minimalSpec(spec({ params: { k: 5 }, view: { tab: 'a' } }), lab)).toEqual(spec());
  });

  it('names the field that is wrong', () => {
    const message = (input: unknown): string => {
      try {
        completeSpec(parseSpec(input), lab);
      } catch (error) {
        if (error instanceof VitrineError) return error.message;
      }
      return 'accepted';
    };
    expect(message(spec({ params: { k: 'five' } }))).toMatch(/^k: /);
    expect(message(spec({ prompts: [{ text: 5 }] }))).toMatch(/^prompts\.0/);
    expect(message(spec({ lab: 'other' }))).toMatch(/other/);
    expect(message(spec({ labV: 9 }))).toMatch(/newer/);
    expect(message(spec({ prompts: [{ text: 'x'.repeat(LIMITS.promptCharacters + 1) }] }))).toMatch(/prompts/);
    expect(message(spec({ prompts: [{ messages: [] }] }))).toMatch(/^prompts\.0/);
    expect(message(spec({ prompts: [{ messages: [{ role: 'pirate', content: 'x' }] }] }))).toMatch(/^prompts\.0/);
    const half = { role: 'user', content: 'x'.repeat(LIMITS.promptCharacters / 2 + 1) };
    expect(message(spec({ prompts: [{ messages: [half] }] }))).toBe('accepted');
    expect(message(spec({ prompts: [{ messages: [half, half] }] }))).toMatch(/^prompts\.0/);
    expect(message(spec({ interventions: [{ kind: 'zero', hook: 'blocks.0.nonsense' }] }))).toMatch(/interventions\.0/);
    expect(message(null)).toMatch(/not a JSON object/);
  });

  it('migrates version 0, whose fixture is frozen', () => {
    const old = { v: 0, lab: 'explore', model: 'primer', prompt: 'Monday, Tuesday,', params: { k: 7 } };
    expect(parseSpec(old)).toEqual({
      v: 1,
      lab: 'explore',
      labV: 1,
      model: 'primer',
      prompts: [{ text: 'Monday, Tuesday,' }],
      params: { k: 7 },
    });
  });
});
