import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWireTensor, plainResult, reviveResult, shortestFloat, tensorData, transferables, wireTensor } from './wire-tensor.ts';

describe('wire tensors', () => {
  it('survive JSON without losing a bit', () => {
    fc.assert(
      fc.property(fc.float32Array({ noNaN: true, noDefaultInfinity: true, maxLength: 40 }), (data) => {
        const clean = data.map((x) => x + 0);
        const result = { a: [{ t: wireTensor(clean, [clean.length], ['pos']) }], n: 1, text: 'x' };
        const back = reviveResult(JSON.parse(JSON.stringify(plainResult(result)))) as typeof result;
        expect(back.a[0] && Array.from(tensorData(back.a[0].t))).toEqual(Array.from(clean));
        expect(back.n).toBe(1);
      }),
    );
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (x) => {
        expect(Math.fround(shortestFloat(x))).toBe(x);
      }),
    );
  });

  it('turn numbers that JSON lacks into null, and those into NaN', () => {
    const t = wireTensor(Float32Array.of(NaN, 1, Infinity), [3], ['pos']);
    const plain = plainResult(t);
    expect(plain).toMatchObject({ data: [null, 1, null] });
    const back = reviveResult(plain);
    expect(isWireTensor(back) && Array.from(tensorData(back))).toEqual([NaN, 1, NaN]);
  });

  it('refuse shapes that do not fit, and copy views so that a transfer takes nothing else along', () => {
    expect(() => wireTensor(new Float32Array(6), [2, 2], ['pos', 'd_model'])).toThrow(RangeError);
    expect(() => wireTensor(new Float32Array(4), [4], ['pos', 'd_model'])).toThrow(RangeError);
    const whole = new Float32Array(10);
    const view = wireTensor(whole.subarray(2, 4), [2], ['pos']);
    expect(view.data.byteLength).toBe(8);
    expect(view.data).not.toBe(whole.buffer);
    for (const bad of [
      null,
      {},
      { ...view, shape: [3] },
      { ...view, dtype: 'f64' },
      { ...view, data: [1, 2] },
      { ...view, shape: [-1] },
    ])
      expect(isWireTensor(bad)).toBe(false);
  });

  it('list every buffer once', () => {
    const t = wireTensor(new Int32Array(3), [3], ['pos']);
    expect(transferables({ a: t, b: [t, { c: t }], d: null })).toEqual([t.data]);
  });
});
