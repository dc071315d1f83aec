import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VitrineError } from '../protocol/errors.ts';
import { canonicalJson, parseSpec, type ExperimentSpec } from '../spec/index.ts';
import { SPEC_KEYS, experiment } from '../testing/arbitraries.ts';
import { labFragment, specFragment, specFromUrl } from './address.ts';
import { encodeSpec } from './codec.ts';
import { FEATURE_LAB } from './feature-address.ts';
import corpus from './testdata/hostile-links.json' with { type: 'json' };

/** Reads an address; anything thrown but a typed error ends the test. */
function read(link: string): ExperimentSpec | VitrineError {
  try {
    return specFromUrl(link);
  } catch (error) {
    if (error instanceof VitrineError && ['bad-link', 'bad-spec'].includes(error.code)) return error;
    throw new Error(`not a typed error for ${link}`, { cause: error });
  }
}

/** What may come out of a link: ids that can only name something of the catalogue, never an address, and a spec that is stable. */
function expectHarmless(result: ExperimentSpec | VitrineError): void {
  if (result instanceof VitrineError) return;
  for (const id of [result.lab, result.model, ...(result.saes ?? [])]) {
    expect(id).not.toMatch(/\.\.|:|^\/|[\\<>"'\s\0]/);
    expect(['__proto__', 'constructor', 'prototype']).not.toContain(id);
  }
  expect(canonicalJson(parseSpec(JSON.parse(canonicalJson(result))))).toBe(canonicalJson(result));
}

const feature = fc
  .record({ text: fc.string({ unit: 'grapheme', maxLength: 40 }), feature: fc.nat({ max: 2_000 }) })
  .map(({ text, feature: index }): ExperimentSpec => ({
    v: 1,
    lab: FEATURE_LAB,
    labV: 1,
    model: 'primer',
    saes: ['blocks.2.hook_resid_post'],
    prompts: text === '' ? [] : [{ text }],
    params: { feature: index },
  }));
const address = fc.oneof(
  experiment.map((spec) => labFragment(spec)),
  experiment.map((spec) => labFragment(spec).replace('#/lab/', '#/embed/lab/').replace('?', '?theme=dark&parts=a,b&')),
  feature.map((spec) => specFragment(spec)),
  feature.map((spec) => specFragment(spec).replace('#/feature/', '#/embed/feature/')),
);
const piece = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.constantFrom(
    '/',
    '?',
    '&',
    '=',
    '%',
    '#',
    '..',
    '//',
    '%2e',
    '\0',
    's=',
    'text=',
    '__proto__',
    '<script>',
    'javascript:',
    '\ud800',
  ),
);
const edit = fc.record({
  at: fc.nat(),
  length: fc.nat({ max: 12 }),
  kind: fc.constantFrom('cut', 'replace', 'insert', 'drop', 'repeat', 'flip'),
  piece,
});
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

function mutate(text: string, { at, length, kind, piece: other }: Edit): string {
  const i = at % Math.max(1, text.length);
  const [before, here, after] = [text.slice(0, i), text.slice(i, i + length), text.slice(i + length)];
  switch (kind) {
    case 'cut':
      return before;
    case 'replace':
      return before + other + after;
    case 'insert':
      return before + other + here + after;
    case 'drop':
      return before + after;
    case 'repeat':
      return before + here + here + here + after;
    case 'flip':
      return before + [...here].toReversed().join('') + after;
  }
}

describe('links from anywhere', () => {
  it('10,000 mutated addresses give a typed error or a harmless experiment', () => {
    let refused = 0;
    fc.assert(
      fc.property(address, fc.array(edit, { minLength: 1, maxLength: 4 }), (link, edits) => {
        const result = read(edits.reduce(mutate, link));
        expectHarmless(result);
        if (result instanceof VitrineError) refused++;
      }),
      { numRuns: 10_000 },
    );
    expect(refused).toBeGreaterThan(3_000);
  }, 300_000);

  it('experiments with anything at all in any place, packed as a link packs them, are refused or harmless', () => {
    const hostile = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom<unknown>(
        '../../x',
        'https://evil.example/',
        '//evil.example',
        '<img src=x onerror=alert(1)>',
        '__proto__',
        -1,
        1e308,
        null,
      ),
    );
    fc.assert(
      fc.property(experiment, fc.constantFrom(...SPEC_KEYS), hostile, fc.boolean(), (spec, key, value, inList) => {
        const packed = { ...spec, [key]: inList ? [value] : value };
        expectHarmless(read(`#/lab/${spec.lab}?s=${encodeSpec(packed as unknown as ExperimentSpec)}`));
      }),
      { numRuns: 2_000 },
    );
  }, 300_000);

  it.each(corpus)('what was once thought of: $why', ({ link }) => {
    expectHarmless(read(link));
    expectHarmless(read(`https://example.org/sub/${link}`));
  });
});
