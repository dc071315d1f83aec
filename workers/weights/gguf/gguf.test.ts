import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { widen } from '../../../core/files/float16.ts';
import { readSafetensors, safeFloats, type SafeTensors } from '../../../core/files/safetensors.ts';
import { dequantizeValues } from '../../kernels/quantize.ts';
import { familyOf } from '../../model/families/index.ts';
import type { RawMatrix } from '../../model/weights.ts';
import { MemoryFile } from '../model-files.ts';
import { readBlocks, readFloats, layoutOf } from './blocks.ts';
import { ggufConfig } from './config.ts';
import { parseGgufHeader, readGgufHeader } from './header.ts';
import { GgufSource } from './source.ts';
import { ggufFile, type GgufInput } from './testing.ts';

/** Written by training/goldens/gguf_files.py. */
const FOLDER = join(import.meta.dirname, '../../testdata/gguf');
const read = (name: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(join(FOLDER, name)));
function values(raw: RawMatrix): Float32Array {
  if (raw.kind === '16') return widen(raw.values, raw.format);
  return raw.kind === 'f32' ? raw.values : dequantizeValues(raw);
}
const expected = ({ tensors }: SafeTensors, name: string): Float32Array => safeFloats(tensors.get(name)!, name);

describe('blocks', async () => {
  const bytes = read('blocks.gguf');
  const golden = readSafetensors(read('blocks.safetensors'));
  const header = await readGgufHeader(new MemoryFile('blocks.gguf', bytes));

  it.each([...header.tensors.keys()])('of %s are what gguf-py makes of them', (name) => {
    const { type, from, to, shape } = header.tensors.get(name)!;
    expect(shape).toEqual([3, 512]);
    const count = 3 * 512;
    const layout = layoutOf(type);
    let found = new Float32Array(count);
    if (type.name === 'F32') readFloats(bytes.slice(from, to), found);
    else if (!layout)
      found = new Float32Array(widen(new Uint16Array(bytes.slice(from, to).buffer), type.name === 'F16' ? 'f16' : 'bf16'));
    else {
      const groups = count / layout.group;
      const out = {
        kind: 'grouped' as const,
        q: new Int8Array(count),
        scales: new Float32Array(groups),
        mins: layout.mins ? new Float32Array(groups) : null,
      };
      readBlocks(type, bytes.subarray(from, to), out);
      if (layout.bits === 4) expect([Math.min(...out.q), Math.max(...out.q)]).toEqual([-8, 7]);
      found = new Float32Array(dequantizeValues({ ...out, group: layout.group }));
    }
    const want = expected(golden, name);
    // Symmetric ones are the very numbers; a minimum costs one or two roundings of numbers as large as the group's largest.
    const exact = !layout?.mins;
    let worst = 0;
    for (let g = 0; g < count; g += 32) {
      const size = Math.max(...want.subarray(g, g + 32).map(Math.abs));
      for (let i = g; i < g + 32; i++) worst = Math.max(worst, Math.abs(found[i]! - want[i]!) / size);
    }
    expect(worst).toBeLessThanOrEqual(exact ? 0 : 2 ** -21);
  });

  it('come with metadata as they were written', () => {
    expect(header.metadata['general.architecture']).toBe('llama');
    expect(header.metadata['test.long']).toBe(2 ** 40 + 1);
    expect(header.metadata['test.texts']).toEqual(['ein', '', '▁drei']);
    expect(header.version).toBe(3);
  });

  it('are the same in a file of version 2', async () => {
    const old = bytes.slice();
    old[4] = 2;
    const again = await readGgufHeader(new MemoryFile('old.gguf', old));
    expect(again.version).toBe(2);
    expect([...again.tensors]).toEqual([...header.tensors]);
  });
});

describe('models', () => {
  it.each(['llama', 'qwen2', 'qwen3', 'gemma2', 'gemma3', 'gpt2', 'gptneox'])(
    '%s is the checkpoint that it was made of',
    async (arch) => {
      const source = await GgufSource.open([new MemoryFile(`${arch}.gguf`, read(`${arch}.gguf`))]);
      const checkpoint = readSafetensors(read(`${arch}.safetensors`));
      const family = familyOf(source.config);
      const config = family.parseConfig(source.config);
      expect(config).toMatchObject({ nLayers: 2, nHeads: 4, dModel: 32, dVocab: 24, bosTokenId: 1, eosTokenId: 2 });
      if (arch === 'llama')
        expect(config.positional).toMatchObject({ base: 50_000, dims: 8, scaling: { type: 'factors', factors: [1, 2, 4, 8] } });
      if (arch === 'gptneox') expect(config.positional).toMatchObject({ dims: 2 });
      if (arch.startsWith('gemma')) expect(config.windows).toEqual([16, arch === 'gemma2' ? null : 16]);
      let seen = 0;
      for (const [full, tensor] of checkpoint.tensors) {
        const name = full.replace(/^(?:model|transformer|gpt_neox)\./, '');
        expect(source.has(name), name).toBe(true);
        const want = safeFloats(tensor, full);
        if (tensor.shape.length === 1) {
          // Gains of Gemma were moved by 1 and back in float32.
          const found = await source.vector(name);
          expect(Math.max(...found.map((x, i) => Math.abs(x - want[i]!))), name).toBeLessThanOrEqual(
            arch.startsWith('gemma') ? 1.2e-7 : 0,
          );
        } else {
          const conv1d = arch === 'gpt2' && /\.c_(?:attn|proj|fc)\.weight$/.test(name);
          const raw = await source.matrix(name);
          const [rows = 0, columns = 0] = tensor.shape;
          expect([raw.n, raw.k], name).toEqual(conv1d ? [columns, rows] : [rows, columns]);
          const flat = values(raw);
          const differing = flat.findIndex((x, i) => {
            const [row, column] = [Math.floor(i / raw.k), i % raw.k];
            return x !== want[conv1d ? column * columns + row : i];
          });
          expect(differing, name).toBe(-1);
          const some = await source.rows(name, 3, 7);
          expect(values(some), name).toEqual(flat.subarray(3 * raw.k, 7 * raw.k));
        }
        seen++;
      }
      expect(seen).toBeGreaterThan(15);
      expect(config.tiedEmbeddings).toBe(!source.has('lm_head.weight') && !source.has('embed_out.weight'));
    },
  );

  it('are put together of splits, given in any order, and not of some of them', async () => {
    const whole = await GgufSource.open([new MemoryFile('qwen3.gguf', read('qwen3.gguf'))]);
    const bytes = read('qwen3.gguf');
    const header = await readGgufHeader(new MemoryFile('qwen3.gguf', bytes));
    const tensors = [...header.tensors.values()].map(({ name, shape, type, from, to }): GgufInput => ({
      name,
      shape,
      type: type.name === 'F16' ? 1 : 0,
      data: bytes.slice(from, to),
    }));
    const split = (no: number, part: readonly GgufInput[]): MemoryFile =>
      new MemoryFile(
        `q-0000${no + 1}-of-00002.gguf`,
        ggufFile(
          { ...(no === 0 ? header.metadata : {}), 'split.no': no, 'split.count': 2, 'split.tensors.count': tensors.length },
          part,
        ),
      );
    const parts = [split(0, tensors.slice(0, 9)), split(1, tensors.slice(9))] as const;
    const joined = await GgufSource.open([parts[1], parts[0]]);
    const name = 'layers.1.mlp.down_proj.weight';
    expect(await joined.matrix(name)).toEqual(await whole.matrix(name));
    expect(joined.config).toEqual(whole.config);
    for (const some of [[parts[0]], [parts[0], parts[0]], [parts[1]]])
      await expect(GgufSource.open(some)).rejects.toMatchObject({ name: 'VitrineError' });
  });
});

describe('bad files', () => {
  const tensor = (change: Partial<GgufInput> = {}): GgufInput => ({
    name: 'token_embd.weight',
    shape: [2, 32],
    type: 0,
    data: new Uint8Array(256),
    ...change,
  });
  const open = (bytes: Uint8Array): Promise<unknown> => readGgufHeader(new MemoryFile('bad.gguf', bytes));
  const good = ggufFile({ 'general.architecture': 'llama' }, [tensor()]);
  const changed = (at: number, value: number): Uint8Array => {
    const bytes = good.slice();
    bytes[at] = value;
    return bytes;
  };

  it('says which tensor is of which type, where it cannot be read', async () => {
    const bytes = ggufFile({}, [tensor({ type: 10, name: 'blk.0.attn_q.weight', data: new Uint8Array(84), shape: [1, 256] })]);
    await expect(open(bytes)).rejects.toMatchObject({
      code: 'unsupported-file',
      message: expect.stringMatching(/blk\.0\.attn_q\.weight.*Q2_K/),
      hint: expect.stringContaining('Q4_K'),
    });
  });

  it.each<[string, () => Uint8Array, string]>([
    ['an empty file', () => new Uint8Array(0), 'truncated'],
    ['another kind of file', () => changed(0, 0x50), 'bad-file'],
    ['version 1', () => changed(4, 1), 'unsupported-file'],
    ['version 9', () => changed(4, 9), 'unsupported-file'],
    ['a count of tensors beyond reason', () => changed(14, 0xff), 'bad-file'],
    ['a count of metadata beyond reason', () => changed(22, 0xff), 'bad-file'],
    ['a header that is cut off', () => good.slice(0, 40), 'truncated'],
    ['weights that are cut off', () => good.slice(0, good.length - 1), 'truncated'],
    ['a tensor twice', () => ggufFile({}, [tensor(), tensor()]), 'bad-file'],
    ['a name twice', () => ggufFile({}, [tensor()], ['a', 'a']), 'bad-file'],
    ['rows that are not whole blocks', () => ggufFile({}, [tensor({ type: 12, shape: [2, 96] })]), 'bad-file'],
    ['no dimensions', () => ggufFile({}, [tensor({ shape: [] })]), 'bad-file'],
    ['five dimensions', () => ggufFile({}, [tensor({ shape: [1, 1, 1, 1, 64] })]), 'bad-file'],
    ['an absurd shape', () => ggufFile({}, [tensor({ shape: [2 ** 40, 2 ** 40] })]), 'bad-file'],
    ['an alignment of 0', () => ggufFile({ 'general.alignment': 0 }, [tensor()]), 'bad-file'],
    ['tensors that overlap', () => ggufFile({}, [tensor(), tensor({ name: 'b', offset: 32 })]), 'bad-file'],
    ['an offset out of line', () => ggufFile({}, [tensor({ offset: 4 })]), 'bad-file'],
  ])('refuses %s', async (_what, bytes, code) => {
    await expect(open(bytes())).rejects.toMatchObject({ name: 'VitrineError', code });
  });

  it('says what is missing, and which models can be opened', async () => {
    const source = await GgufSource.open([new MemoryFile('llama.gguf', read('llama.gguf'))]);
    await expect(source.matrix('layers.7.mlp.up_proj.weight')).rejects.toMatchObject({
      code: 'bad-file',
      message: expect.stringContaining('blk.7.ffn_up.weight'),
    });
    await expect(source.matrix('norm.weight')).rejects.toMatchObject({ code: 'bad-file' });
    await expect(source.vector('embed_tokens.weight')).rejects.toMatchObject({ code: 'bad-file' });
    for (const metadata of [
      {},
      { 'general.architecture': 'mamba' },
      { 'general.architecture': 'toString' },
      { 'general.architecture': 3 },
    ])
      await expect(GgufSource.open([new MemoryFile('m.gguf', ggufFile(metadata, [tensor()]))])).rejects.toMatchObject({
        code: 'unsupported-file',
        hint: expect.stringContaining('gemma3'),
      });
    for (const more of [
      { 'llama.expert_count': 8 },
      { 'llama.attention.head_count_kv': [2, 1] },
      { 'llama.rope.dimension_count': 4 },
    ])
      expect(() => ggufConfig({ metadata: { ...source.metadata, ...more }, tensors: new Map() }, null)).toThrow(
        expect.objectContaining({ code: 'unsupported-file' }),
      );
  });

  it('takes a key that every object has for what it is', () => {
    const header = parseGgufHeader(ggufFile({ __proto__x: 1 }, [], ['__proto__', 'constructor']), 1e9, 'x');
    expect(Object.keys(header!.metadata)).toEqual(['__proto__x', '__proto__', 'constructor']);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});
