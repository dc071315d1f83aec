import { strToU8, zipSync, type Zippable } from 'fflate';

export interface NpzInput {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

/** Zip cannot tell an earlier time, and the same arrays should give the same file. */
const TIME = '1980-01-01T00:00:00';

/** An archive that `numpy.load` opens: one `<name>.npy` (format 1.0, little-endian, row-major) per array, not compressed. */
export function writeNpz(arrays: readonly NpzInput[]): Uint8Array {
  const files: Zippable = {};
  for (const array of arrays) {
    const file = `${array.name}.npy`;
    if (Object.hasOwn(files, file)) throw new RangeError(`two arrays are named "${array.name}"`);
    files[file] = [npy(array), { level: 0, mtime: TIME }];
  }
  return zipSync(files);
}

function npy({ name, shape, data }: NpzInput): Uint8Array {
  if (shape.reduce((a, b) => a * b, 1) !== data.length) throw new RangeError(`"${name}" does not fill [${shape.join(', ')}]`);
  const dims = shape.length === 1 ? `${String(shape[0])},` : shape.join(', ');
  const dict = `{'descr': '${data instanceof Float32Array ? '<f4' : '<i4'}', 'fortran_order': False, 'shape': (${dims}), }`;
  const before = 10;
  const length = Math.ceil((before + dict.length + 1) / 64) * 64 - before;
  const file = new Uint8Array(before + length + data.byteLength);
  file.set([0x93, ...strToU8('NUMPY'), 1, 0, length & 255, length >> 8]);
  file.set(strToU8(`${dict.padEnd(length - 1)}\n`), before);
  file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), before + length);
  return file;
}
