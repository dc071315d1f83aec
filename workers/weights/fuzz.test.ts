import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../core/files/safetensors.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import { parseGgufHeader } from './gguf/header.ts';
import { ggufConfig } from './gguf/config.ts';
import { familyOf } from '../model/families/index.ts';
import { ggufFile } from './gguf/testing.ts';

const MUTATIONS = 10_000;
const CORPUS = join(import.meta.dirname, '../testdata/fuzz');

/** Mulberry32. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x22, 0x2c, 0x3a, 0x5b, 0x7b, 0x7d, 0x30, 0x39, 0x2d, 0x65];

/** Changes, cuts, doubles, removes and moves bytes, mostly of the first `head`. */
function mutate(bytes: Uint8Array, head: number, random: (below: number) => number): Uint8Array<ArrayBuffer> {
  let out = bytes.slice();
  for (let n = 1 + random(4); n > 0 && out.length > 1; n--) {
    const at = random(random(8) === 0 ? out.length : Math.min(head, out.length));
    const length = 1 + random(16);
    switch (random(7)) {
      case 0:
        out[at] = random(256);
        break;
      case 1:
        out[at] = EDGES[random(EDGES.length)] ?? 0;
        break;
      case 2:
        out[at] = (out[at] ?? 0) ^ (1 << random(8));
        break;
      case 3:
        out = out.slice(0, at);
        break;
      case 4:
        out = Uint8Array.from([...out.subarray(0, at), ...out.subarray(Math.min(out.length, at + length))]);
        break;
      case 5:
        out = Uint8Array.from([...out.subarray(0, at), ...out.subarray(at, at + length), ...out.subarray(at)]);
        break;
      default:
        out.fill(random(2) === 0 ? 0xff : 0, at, Math.min(out.length, at + 8));
    }
  }
  return out;
}

/** Whatever a reader is given, it gives an answer or a VitrineError. */
function survives(read: (bytes: Uint8Array<ArrayBuffer>) => unknown, bytes: Uint8Array<ArrayBuffer>): 'read' | 'refused' {
  try {
    read(bytes);
    return 'read';
  } catch (error) {
    if (error instanceof VitrineError && ['truncated', 'bad-file', 'unsupported-file'].includes(error.code)) return 'refused';
    throw new Error(`${String(error)} for ${Buffer.from(bytes.subarray(0, 400)).toString('base64')}`, { cause: error });
  }
}

const SAFETENSORS = writeSafetensors(
  [
    { name: 'a.weight', shape: [2, 3], data: new Float32Array(6) },
    { name: 'b', shape: [], data: new Float32Array(1) },
    { name: 'c.q8', shape: [1, 32], data: new Int8Array(32) },
  ],
  { format: 'pt', about: 'ü' },
);
const readSafe = (bytes: Uint8Array<ArrayBuffer>): unknown => readSafetensors(bytes);

const GGUF = ggufFile(
  {
    'general.architecture': 'llama',
    'general.alignment': 32,
    'llama.block_count': 1,
    'llama.embedding_length': 32,
    'llama.attention.head_count': 2,
    'llama.attention.head_count_kv': [1, 1],
    'llama.feed_forward_length': 64,
    'llama.context_length': 128,
    'llama.attention.layer_norm_rms_epsilon': 0.000_01,
    'tokenizer.ggml.tokens': ['a', 'b', 'ü'],
    'x.flag': true,
  },
  [
    { name: 'token_embd.weight', shape: [3, 32], type: 8, data: new Uint8Array(102) },
    { name: 'blk.0.attn_norm.weight', shape: [32], type: 0, data: new Uint8Array(128) },
  ],
);
const readGguf = (bytes: Uint8Array<ArrayBuffer>): unknown => {
  const header = parseGgufHeader(bytes, bytes.length, 'fuzz.gguf');
  if (!header) throw new VitrineError('truncated', 'the header is longer');
  const config = ggufConfig(header, null);
  return familyOf(config).parseConfig(config);
};

describe.each([
  ['safetensors', readSafe, SAFETENSORS, 260],
  ['gguf', readGguf, GGUF, GGUF.length - 256],
] as const)('%s', (name, read, seed, head) => {
  it('reads what is right', () => {
    expect(survives(read, seed)).toBe('read');
  });

  it(`gives a typed error, or an answer, for ${MUTATIONS} damaged files`, () => {
    const random = generator(name.length);
    const outcomes = { read: 0, refused: 0 };
    for (let i = 0; i < MUTATIONS; i++) outcomes[survives(read, mutate(seed, head, random))]++;
    // Damage in values that nothing depends on goes unseen, but not most of it.
    expect(outcomes.refused).toBeGreaterThan(MUTATIONS / 2);
    expect(outcomes.read + outcomes.refused).toBe(MUTATIONS);
  });

  it('still refuses what once was a trap', () => {
    const corpus = JSON.parse(readFileSync(join(CORPUS, `${name}.json`), 'utf8')) as {
      readonly why: string;
      readonly base64: string;
    }[];
    expect(corpus.length).toBeGreaterThan(4);
    for (const { why, base64 } of corpus)
      expect(survives(read, Uint8Array.from(Buffer.from(base64, 'base64'))), why).toBe('refused');
  });
});
