import { base64urlnopad } from '@scure/base';
import fc from 'fast-check';
import { deflateSync, strToU8 } from 'fflate';
import { describe, expect, it } from 'vitest';
import { VitrineError } from '../protocol/errors.ts';
import { canonicalJson, parseSpec, type ExperimentSpec } from '../spec/index.ts';
import { SPEC_KEYS, experiment } from '../testing/arbitraries.ts';
import { labFragment, specFromUrl } from './address.ts';
import { decodeSpec, encodeSpec } from './codec.ts';

const pack = (json: string): string => `1.${base64urlnopad.encode(deflateSync(strToU8(json)))}`;
const decode = (text: string): ExperimentSpec | VitrineError => {
  try {
    return decodeSpec(text);
  } catch (error) {
    if (error instanceof VitrineError) return error;
    throw error;
  }
};
const codeOf = (text: string): string => {
  const result = decode(text);
  return result instanceof VitrineError ? result.code : 'decoded';
};

describe('links', () => {
  it('carry every experiment whole', () => {
    fc.assert(
      fc.property(experiment, (spec) => {
        const url = `https://example.org/sub/path/${labFragment(spec)}`;
        expect(url).toMatch(/^[\x21-\x7e]+$/);
        expect(canonicalJson(specFromUrl(url))).toBe(canonicalJson(spec));
        expect(canonicalJson(specFromUrl(url.replace('#/lab/', '#/embed/lab/')))).toBe(canonicalJson(spec));
      }),
      { numRuns: 500 },
    );
  });

  it('10,000 damaged ones give a typed error or a valid experiment, never an exception of another kind', () => {
    const damage = fc.record({
      spec: experiment,
      edits: fc.array(
        fc.record({ at: fc.nat(), kind: fc.constantFrom('cut', 'swap', 'insert', 'drop'), to: fc.string({ maxLength: 3 }) }),
        { minLength: 1, maxLength: 4 },
      ),
    });
    let refused = 0;
    fc.assert(
      fc.property(damage, ({ spec, edits }) => {
        const link = edits.reduce((text, { at, kind, to }) => {
          const i = at % Math.max(1, text.length);
          const edited = {
            cut: text.slice(0, i),
            swap: text.slice(0, i) + to + text.slice(i + to.length),
            insert: text.slice(0, i) + to + text.slice(i),
            drop: text.slice(0, i) + text.slice(i + 1),
          };
          return edited[kind];
        }, encodeSpec(spec));
        const result = decode(link);
        if (result instanceof VitrineError) {
          expect(['bad-link', 'bad-spec']).toContain(result.code);
          refused++;
        } else expect(canonicalJson(parseSpec(JSON.parse(canonicalJson(result))))).toBe(canonicalJson(result));
      }),
      { numRuns: 10_000 },
    );
    expect(refused).toBeGreaterThan(5_000);
  });

  it('10,000 mutated experiments are refused with a typed error or are valid', () => {
    const junk = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(NaN, 1e308, -1, '../../etc', '__proto__', '<img src=x onerror=alert(1)>'),
    );
    fc.assert(
      fc.property(experiment, fc.constantFrom(...SPEC_KEYS), junk, (spec, key, value) => {
        try {
          expect(parseSpec({ ...spec, [key]: value })).toBeTypeOf('object');
        } catch (error) {
          expect(error).toBeInstanceOf(VitrineError);
        }
      }),
      { numRuns: 10_000 },
    );
  });

  it('say what is wrong', () => {
    const spec = { v: 1, lab: 'explore', labV: 1, model: 'primer', prompts: [{ text: 'x' }], params: {} };
    expect(codeOf(pack(JSON.stringify(spec)))).toBe('decoded');
    expect(codeOf('')).toBe('bad-link');
    expect(codeOf('2.abc')).toBe('bad-link');
    expect(codeOf('1.a*b')).toBe('bad-link');
    expect(codeOf(pack('not json'))).toBe('bad-link');
    expect(codeOf(pack('[]'))).toBe('bad-spec');
    expect(codeOf(pack(JSON.stringify({ ...spec, model: '../secret' })))).toBe('bad-spec');
    expect(codeOf(pack(JSON.stringify({ ...spec, more: 1 })))).toBe('bad-spec');
    expect(codeOf(pack(JSON.stringify({ ...spec, v: 99 })))).toBe('bad-spec');
    expect(() => specFromUrl('https://example.org/')).toThrow(VitrineError);
    expect(() => specFromUrl(`https://example.org/#/lab/activations?s=${encodeSpec(parseSpec(spec))}`)).toThrow(/names the lab/);
    expect(() => specFromUrl('https://example.org/#/lab/explore?s=%E0%A4%A')).toThrow(VitrineError);
  });

  it('that would inflate without end are refused quickly', () => {
    const bomb = pack(JSON.stringify({ v: 1, lab: 'explore', x: '0'.repeat(5_000_000) }));
    expect(bomb.length).toBeLessThan(20_000);
    expect(codeOf(bomb)).toBe('bad-link');
    expect(codeOf(`1.${'A'.repeat(300_000)}`)).toBe('bad-link');
  });
});
