import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VitrineError } from '../protocol/errors.ts';
import { readSafetensors, safeFloats, safeInt8, writeSafetensors, type SafeInput } from './safetensors.ts';

const FILE = writeSafetensors(
  [
    { name: 'w.q8', shape: [3], data: Int8Array.of(-127, 0, 5) },
    { name: 'w', shape: [2, 2], data: Float32Array.of(1, -2.5, 0, 3e-40) },
    { name: 'ids', shape: [2], data: Int32Array.of(-7, 2 ** 30) },
    { name: 'empty', shape: [0, 4], data: new Float32Array(0) },
  ],
  { format: 'test' },
);

/** A file around any header, with `bytes` of data. */
function withHeader(header: unknown, bytes: number, claimed?: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + json.length + bytes);
  new DataView(file.buffer).setUint32(0, claimed ?? json.length, true);
  file.set(json, 8);
  return file;
}
const codeOf = (file: Uint8Array): string => {
  try {
    readSafetensors(file);
    return 'fine';
  } catch (error) {
    if (!(error instanceof VitrineError)) throw error;
    return error.code;
  }
};
const f32 = (shape: unknown, offsets: unknown, dtype: unknown = 'F32'): unknown => ({ dtype, shape, data_offsets: offsets });

describe('safetensors', () => {
  it('reads back what it wrote, from unaligned places too', () => {
    const shifted = new Uint8Array(FILE.length + 3);
    shifted.set(FILE, 3);
    for (const file of [FILE, shifted.subarray(3)]) {
      const { tensors, metadata } = readSafetensors(file);
      expect([...tensors.keys()]).toEqual(['w.q8', 'w', 'ids', 'empty']);
      expect(metadata.get('format')).toBe('test');
      expect(safeInt8(tensors.get('w.q8')!, 'w.q8')).toEqual(Int8Array.of(-127, 0, 5));
      expect(safeFloats(tensors.get('w')!, 'w')).toEqual(Float32Array.of(1, -2.5, 0, 3e-40));
      expect(tensors.get('w')!.shape).toEqual([2, 2]);
      expect(safeFloats(tensors.get('empty')!, 'empty')).toHaveLength(0);
    }
  });

  it('widens half precision and bfloat16 exactly', () => {
    const half = withHeader({ h: f32([6], [0, 12], 'F16') }, 12);
    new Uint8Array(half.buffer, half.length - 12).set([0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00, 0xff, 0x7b, 0x00, 0xfc, 0x55, 0x35]);
    expect([...safeFloats(readSafetensors(half).tensors.get('h')!, 'h')]).toEqual([
      1,
      -2,
      2 ** -24,
      65504,
      -Infinity,
      0.333251953125,
    ]);
    const brain = withHeader({ b: f32([3], [0, 6], 'BF16') }, 6);
    new Uint8Array(brain.buffer, brain.length - 6).set([0x80, 0x3f, 0x49, 0xc0, 0x80, 0xff]);
    expect([...safeFloats(readSafetensors(brain).tensors.get('b')!, 'b')]).toEqual([1, -3.140625, -Infinity]);
  });

  it('refuses to read numbers as something else', () => {
    const { tensors } = readSafetensors(FILE);
    expect(() => safeFloats(tensors.get('ids')!, 'ids')).toThrow(expect.objectContaining({ code: 'unsupported-file' }));
    expect(() => safeInt8(tensors.get('w')!, 'w')).toThrow(expect.objectContaining({ code: 'bad-file' }));
  });

  it.each([
    ['nothing', new Uint8Array(0), 'truncated'],
    ['seven bytes', new Uint8Array(7), 'truncated'],
    ['a header longer than the file', withHeader({}, 0, 1000), 'truncated'],
    ['an absurd header', withHeader({}, 0, 0xffff_fff0), 'bad-file'],
    ['a header without length', withHeader({}, 0, 0), 'bad-file'],
    ['no JSON', withHeader('{"a": ', 0), 'bad-file'],
    ['a list', withHeader([], 0), 'bad-file'],
    ['a tensor that is none', withHeader({ a: 3 }, 0), 'bad-file'],
    ['an unknown dtype', withHeader({ a: f32([1], [0, 4], 'F33') }, 4), 'bad-file'],
    ['the dtype "constructor"', withHeader({ a: f32([1], [0, 4], 'constructor') }, 4), 'bad-file'],
    ['a negative dimension', withHeader({ a: f32([-1], [0, 4]) }, 4), 'bad-file'],
    ['a broken dimension', withHeader({ a: f32([1.5], [0, 6]) }, 6), 'bad-file'],
    ['a shape whose size overflows', withHeader({ a: f32([2 ** 40, 2 ** 40], [0, 4]) }, 4), 'bad-file'],
    ['offsets that do not fit the shape', withHeader({ a: f32([2], [0, 4]) }, 4), 'bad-file'],
    ['offsets backwards', withHeader({ a: f32([1], [4, 0]) }, 4), 'bad-file'],
    ['an overlap', withHeader({ a: f32([2], [0, 8]), b: f32([2], [4, 12]) }, 12), 'bad-file'],
    ['a gap', withHeader({ a: f32([1], [0, 4]), b: f32([1], [8, 12]) }, 12), 'bad-file'],
    ['bytes left over', withHeader({ a: f32([1], [0, 4]) }, 5), 'bad-file'],
    ['data that ends too early', withHeader({ a: f32([2], [0, 8]) }, 4), 'truncated'],
    ['metadata that is not text', withHeader({ __metadata__: { a: 1 } }, 0), 'bad-file'],
  ])('refuses %s', (_what, file, code) => {
    expect(codeOf(file)).toBe(code);
  });

  it('calls every shortened file truncated', () => {
    for (let n = 0; n < FILE.length; n++) expect(codeOf(FILE.subarray(0, n)), `${n} bytes`).toBe('truncated');
  });

  it('answers a damaged file with a typed error or with tensors inside of it', () => {
    const damage = fc.array(fc.tuple(fc.nat(FILE.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(damage, fc.nat(FILE.length), (edits, length) => {
        const file = FILE.slice(0, Math.max(8, length));
        for (const [at, value] of edits) if (at < file.length) file[at] = value;
        const code = codeOf(file);
        expect(['fine', 'bad-file', 'truncated']).toContain(code);
        if (code === 'fine')
          for (const { bytes } of readSafetensors(file).tensors.values())
            expect(bytes.byteOffset + bytes.byteLength).toBeLessThanOrEqual(file.length);
      }),
      { numRuns: 2000 },
    );
  });

  it('answers any header with a typed error or with tensors', () => {
    const entry = fc.record(
      {
        dtype: fc.constantFrom('F32', 'I8', 'F16', 'X', 7, null),
        shape: fc.oneof(fc.array(fc.nat(4), { maxLength: 3 }), fc.jsonValue()),
        data_offsets: fc.oneof(fc.tuple(fc.nat(16), fc.nat(16)), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.oneof(entry, fc.jsonValue())), fc.nat(32), (header, bytes) => {
        expect(['fine', 'bad-file', 'truncated']).toContain(codeOf(withHeader(header, bytes)));
      }),
      { numRuns: 2000 },
    );
  });

  it('writes nothing that contradicts itself', () => {
    const a: SafeInput = { name: 'a', shape: [1], data: Float32Array.of(1) };
    expect(() => writeSafetensors([a, a])).toThrow(/two tensors/);
    expect(() => writeSafetensors([{ ...a, shape: [2] }])).toThrow(/does not fill/);
    expect(() => writeSafetensors([{ ...a, name: '__metadata__' }])).toThrow(/two tensors/);
  });
});
