import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeIntervention, resolvePositions } from './interventions.ts';
import { intervention } from './testing/arbitraries.ts';

describe('interventions', () => {
  it('each kind has a sentence', () => {
    fc.assert(
      fc.property(intervention, (i) => {
        expect(describeIntervention(i).length).toBeGreaterThan(8);
      }),
    );
  });

  it('positions resolve to ascending indices inside the sequence', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -30, max: 30 })),
        fc.integer({ min: 1, max: 20 }),
        fc.nat({ max: 5 }),
        (positions, prompt, generated) => {
          const length = prompt + generated;
          const resolved = resolvePositions(positions, length, prompt);
          expect(resolved).toEqual([...new Set(resolved)].sort((a, b) => a - b));
          expect(resolved.every((p) => p >= 0 && p < length)).toBe(true);
          expect([...resolvePositions('prompt', length, prompt), ...resolvePositions('generated', length, prompt)]).toEqual(
            resolvePositions('all', length, prompt),
          );
        },
      ),
    );
    expect(resolvePositions([-1, 0], 12, 10)).toEqual([0, 9]);
  });
});
