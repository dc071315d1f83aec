import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { writeNpz } from './npz.ts';

describe('npz', () => {
  const arrays = [
    { name: 'blocks.0.hook_resid_post', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, NaN) },
    { name: 'ids', shape: [2], data: Int32Array.of(-1, 7) },
    { name: 'scalar', shape: [], data: Float32Array.of(0.5) },
  ];

  it('writes npy files with an aligned header, row-major, little-endian', () => {
    const files = unzipSync(writeNpz(arrays));
    expect(Object.keys(files)).toEqual(['blocks.0.hook_resid_post.npy', 'ids.npy', 'scalar.npy']);
    const shapes = ['(2, 3)', '(2,)', '()'];
    for (const [i, { name, data }] of arrays.entries()) {
      const file = files[`${name}.npy`]!;
      const length = file[8]! + 256 * file[9]!;
      expect([...file.subarray(0, 8)]).toEqual([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
      expect((10 + length) % 64).toBe(0);
      const header = new TextDecoder().decode(file.subarray(10, 10 + length));
      const descr = data instanceof Float32Array ? '<f4' : '<i4';
      expect(header.trimEnd()).toBe(`{'descr': '${descr}', 'fortran_order': False, 'shape': ${shapes[i]}, }`);
      expect(header.endsWith('\n')).toBe(true);
      expect(file.slice(10 + length).buffer).toEqual(data.buffer);
    }
  });

  it('gives the same file for the same arrays', () => {
    expect(writeNpz(arrays)).toEqual(writeNpz(arrays));
  });

  it('refuses two arrays of one name, and a shape that does not fit', () => {
    expect(() => writeNpz([arrays[0]!, arrays[0]!])).toThrow(/two arrays/);
    expect(() => writeNpz([{ ...arrays[0]!, shape: [7] }])).toThrow(/does not fill/);
  });
});
