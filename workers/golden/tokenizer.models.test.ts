import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readGoldenJson } from '../testing/goldens.ts';
import { MODELS_HERE, MODELS_SITE } from '../testing/packaged-models.ts';
import { ggufTokenizer } from '../tokenizer/gguf.ts';
import { readGgufHeader } from '../weights/gguf/header.ts';
import type { RandomAccessFile } from '../weights/model-files.ts';

interface Answers {
  readonly ids: readonly (readonly number[])[];
  readonly decoded: Readonly<Record<string, string>>;
}
const { texts } = readGoldenJson<{ readonly texts: readonly string[] }>('tokenizers');

function openFile(path: string): RandomAccessFile {
  return {
    name: basename(path),
    size: statSync(path).size,
    async read(from, to) {
      const file = openSync(path, 'r');
      try {
        const bytes = new Uint8Array(to - from);
        return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, from));
      } finally {
        closeSync(file);
      }
    },
  };
}

// The vocabularies are read from the files that `npm run model:add` puts there; written by training/goldens/vocabularies.py.
describe.each(
  [
    {
      id: 'smollm2-135m',
      file: 'SmolLM2-135M-Instruct.Q4_1.gguf',
      size: 49_152,
      bos: 1,
      prompt: [2_683, 359],
      chat: '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n',
    },
    { id: 'gemma-3-270m', file: 'gemma-3-270m-q4_k_m.gguf', size: 262_144, bos: 2, prompt: [2, 3_048, 659], chat: null },
  ].filter(({ id }) => MODELS_HERE.includes(id)),
)('the tokenizer in the GGUF of $id, against Python’s tokenizers', ({ id, file, size, bos, prompt, chat }) => {
  const path = join(MODELS_SITE, 'models', id, file);
  const golden = readGoldenJson<Answers>(`tokenizer-${id}`);
  const open = async (): Promise<ReturnType<typeof ggufTokenizer>> =>
    ggufTokenizer((await readGgufHeader(openFile(path))).metadata);

  it('gives the same ids and texts on 2,000 strings, and knows where they lie', async () => {
    const tokenizer = await open();
    expect([tokenizer.size, tokenizer.bosId, tokenizer.hasChat]).toEqual([size, bos, chat !== null]);
    expect(texts).toHaveLength(2000);
    const wrong: unknown[] = [];
    for (const [i, text] of texts.entries()) {
      const own = tokenizer.encode(text);
      const ids = golden.ids[i]!;
      const decoded = golden.decoded[i] ?? text;
      const bytes = Buffer.from(text);
      const places = tokenizer.byteOffsets(ids, text).map(([from, to]) => bytes.subarray(from, to));
      // SmolLM2 has no token for 21 of the bytes; they are left out. In Gemma's tokens U+2581 stands for a space.
      const spelled = Buffer.concat(places).toString();
      const placed = id === 'gemma-3-270m' ? spelled === text : spelled === decoded;
      if (own.join() !== ids.join() || tokenizer.decode(ids) !== decoded || !placed) wrong.push({ text, own, ids, spelled });
    }
    expect(wrong.slice(0, 5)).toEqual([]);
  });

  it('begins prompts as the model was trained', async () => {
    const tokenizer = await open();
    expect(tokenizer.encodePrompt('You are')).toEqual(prompt);
    if (chat === null) return;
    const { text, ids } = await tokenizer.applyChat([{ role: 'user', content: 'Hi' }], { end: 'generation' });
    expect(text).toBe(chat);
    expect(tokenizer.decode(ids)).toBe(chat);
    expect(ids.filter((token) => token === 1)).toHaveLength(3);
    expect(ids.filter((token) => token === 2)).toHaveLength(2);
  });
});
