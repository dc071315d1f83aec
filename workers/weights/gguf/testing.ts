import { parseGgufHeader } from './header.ts';

/** A tensor of a test file: its bytes are written as they are. */
export interface GgufInput {
  readonly name: string;
  readonly shape: readonly number[];
  /** ggml's number. */
  readonly type: number;
  readonly data: Uint8Array;
  /** What the header says; default: where it is. */
  readonly offset?: number;
}

/**
 * Writes GGUF files for tests, right ones and wrong ones.
 * @param texts further keys, which hold their own name; may be there twice
 */
export function ggufFile(
  metadata: Readonly<Record<string, unknown>>,
  tensors: readonly GgufInput[],
  texts: readonly string[] = [],
): Uint8Array<ArrayBuffer> {
  const out: number[] = [];
  const bytes = (data: Iterable<number>): void => {
    for (const byte of data) out.push(byte);
  };
  const number = (size: number, write: (view: DataView) => void): void => {
    const buffer = new ArrayBuffer(size);
    write(new DataView(buffer));
    bytes(new Uint8Array(buffer));
  };
  const u32 = (x: number): void => number(4, (v) => v.setUint32(0, x, true));
  const u64 = (x: number): void => number(8, (v) => v.setBigUint64(0, BigInt(x), true));
  const text = (x: string): void => {
    const utf8 = new TextEncoder().encode(x);
    u64(utf8.length);
    bytes(utf8);
  };
  const typeOf = (x: unknown): number => {
    if (Array.isArray(x)) return 9;
    if (typeof x === 'boolean') return 7;
    if (typeof x === 'string') return 8;
    return Number.isInteger(x) ? 4 : 12;
  };
  const value = (x: unknown): void => {
    if (Array.isArray(x)) {
      u32(x.length > 0 ? typeOf(x[0]) : 4);
      u64(x.length);
      x.forEach(value);
    } else if (typeof x === 'boolean') out.push(Number(x));
    else if (typeof x === 'string') text(x);
    else if (Number.isInteger(x)) u32(Number(x));
    else number(8, (v) => v.setFloat64(0, Number(x), true));
  };
  const pairs = [...Object.entries(metadata), ...texts.map((t) => [t, t] as const)];
  u32(0x46554747);
  u32(3);
  u64(tensors.length);
  u64(pairs.length);
  for (const [key, x] of pairs) {
    text(key);
    u32(typeOf(x));
    value(x);
  }
  const aligned = (x: number): number => Math.ceil(x / 32) * 32;
  let at = 0;
  for (const { name, shape, type, data, offset } of tensors) {
    text(name);
    u32(shape.length);
    for (const size of shape.toReversed()) u64(size);
    u32(type);
    u64(offset ?? at);
    at = aligned(at + data.length);
  }
  for (const { data } of tensors) {
    while (out.length % 32 !== 0) out.push(0);
    bytes(data);
  }
  return Uint8Array.from(out);
}

/** A GGUF of the goldens, which have none, with a token for each of as many letters as it has rows. @param more metadata */
export function withVocabulary(bytes: Uint8Array, more: Readonly<Record<string, unknown>> = {}): Uint8Array<ArrayBuffer> {
  const header = parseGgufHeader(bytes, bytes.length, 'golden');
  if (!header) throw new Error('no whole header');
  const { metadata, tensors } = header;
  const letters = Array.from({ length: Number(metadata['llama.vocab_size']) }, (_, i) => String.fromCharCode(97 + i));
  return ggufFile(
    {
      ...metadata,
      'tokenizer.ggml.model': 'gpt2',
      'tokenizer.ggml.pre': 'gpt-2',
      'tokenizer.ggml.tokens': letters,
      'tokenizer.ggml.merges': [],
      ...more,
    },
    [...tensors].map(([name, { shape, type, from, to }]) => ({
      name,
      shape,
      type: type.name === 'F32' ? 0 : 1,
      data: bytes.subarray(from, to),
    })),
  );
}
