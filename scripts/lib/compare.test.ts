import { describe, expect, it } from 'vitest';
import { plainTensor, wireTensor } from '../../core/protocol/wire-tensor.ts';
import { differences, EXACT } from './compare.ts';

const f32 = (...x: readonly number[]) => wireTensor(Float32Array.from(x), [x.length], ['pos']);
const i32 = (...x: readonly number[]) => wireTensor(Int32Array.from(x), [x.length], ['pos']);
const LOOSE = { relative: 1e-3, absolute: 0 };

describe('differences', () => {
  it('finds none between a result and its plain form', () => {
    const result = { a: [f32(1, NaN, 0.1)], b: i32(3, 4), c: 'x', d: null };
    expect(
      differences(
        result,
        JSON.parse(JSON.stringify({ ...result, a: result.a.map(plainTensor), b: plainTensor(result.b) })),
        EXACT,
      ),
    ).toEqual([]);
  });

  it('measures float arrays against their largest number, and names the place', () => {
    expect(differences({ a: f32(100, 0.05) }, { a: f32(100, 0.1) }, LOOSE)).toEqual([]);
    expect(differences({ a: f32(100, 0.5) }, { a: f32(100, 0.7) }, LOOSE)).toHaveLength(1);
    expect(differences({ a: f32(1, 2) }, { a: f32(1, 2.000001) }, EXACT)[0]).toMatch(/^a\[1\]/);
    expect(differences({ a: f32(1, NaN) }, { a: f32(1, 5) }, LOOSE)).toHaveLength(1);
  });

  it('takes no whole number, text, shape or dtype for another', () => {
    expect(differences({ a: i32(10_000) }, { a: i32(10_001) }, LOOSE)).toHaveLength(1);
    expect(differences({ id: 10_000 }, { id: 10_001 }, LOOSE)).toHaveLength(1);
    expect(differences({ a: 'x' }, { a: 'y' }, LOOSE)).toHaveLength(1);
    expect(differences({ a: f32(1, 2) }, { a: f32(1) }, LOOSE)).toHaveLength(1);
    expect(differences({ a: f32(1) }, { a: i32(1) }, LOOSE)).toHaveLength(1);
    expect(differences({ a: [1] }, { a: [1, 2] }, LOOSE)).toHaveLength(1);
    expect(differences({ a: 1 }, {}, LOOSE)).toHaveLength(1);
  });
});
