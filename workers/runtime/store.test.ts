import { afterEach, describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors, safeFloats } from '../../core/files/safetensors.ts';
import type { Loaded, Memory } from '../../core/protocol/messages.ts';
import { random } from '../testing/numbers.ts';
import { HELLO, run, testHost, type TestHost } from '../testing/test-host.ts';
import { specOf } from '../testing/test-labs.ts';
import { byteTokenizer, TINY, tinySite, type Files } from '../testing/tiny-bundle.ts';
import { localNeeds } from '../weights/hub/needs.ts';
import type { NamedBlob } from '../weights/local-files.ts';

let current: TestHost | null = null;
afterEach(async () => {
  await current?.host.dispose();
  current = null;
});
async function open(budgetBytes: number, files: Files = new Map()): Promise<TestHost> {
  current = testHost(files, { budgetBytes });
  await current.ask(HELLO);
  return current;
}
const held = (h: TestHost): Pick<Memory, 'models' | 'saes'> => {
  const { models, saes } = h.events.filter((e) => e.type === 'memory').at(-1)!;
  return { models, saes };
};

/** A checkpoint of float32 with its head stored beside the embedding that it is tied to, as old repositories have them. */
async function checkpoint(): Promise<NamedBlob[]> {
  const site = await tinySite(['tiny']);
  const { tensors } = readSafetensors(site.get('models/tiny/model.int8.safetensors')!);
  const plain = [...tensors].flatMap(([name, tensor]) => {
    if (name.endsWith('.scale')) return [];
    const packed = name.endsWith('.q8');
    const data = packed ? random(tensor.bytes.length, name.length, 0.1) : safeFloats(tensor, name);
    // GPT-2 stores its linear maps as [in, out].
    const shape = packed && !name.startsWith('wte') ? tensor.shape.toReversed() : tensor.shape;
    return [{ name: name.replace(/\.q8$/, ''), shape, data }];
  });
  const embedding = plain.find(({ name }) => name === 'wte.weight')!;
  const { config } = JSON.parse(new TextDecoder().decode(site.get('models/tiny/manifest.json'))) as { config: object };
  return [
    { name: 'model.safetensors', blob: new Blob([writeSafetensors([...plain, { ...embedding, name: 'lm_head.weight' }])]) },
    { name: 'config.json', blob: new Blob([JSON.stringify({ ...config, torch_dtype: 'float32' })]) },
    { name: 'tokenizer.json', blob: new Blob([JSON.stringify(byteTokenizer())]) },
  ];
}

describe('what a model needs is told once: by the page before it is opened, and by the engine', () => {
  it('a float32 checkpoint with a stored head opens where exactly as much is allowed', async () => {
    const files = await checkpoint();
    const told = (await localNeeds(files)).held[0]!;
    const h = await open(told.bytes.cpu);
    h.send({ type: 'files', id: 'f', model: 'local:mine', files });
    const loaded = await h.ask({ type: 'load', id: 'l', model: 'local:mine' });
    expect(loaded).toMatchObject({ type: 'loaded', quantization: told.quantization });
    expect((loaded as Loaded).bytes).toBe(told.bytes.cpu);
  });

  it('and is refused before anything is read where less is', async () => {
    const files = await checkpoint();
    const told = (await localNeeds(files)).held[0]!.bytes.cpu;
    const h = await open(told - 1);
    h.send({ type: 'files', id: 'f', model: 'local:mine', files });
    const refused = await h.ask({ type: 'load', id: 'l', model: 'local:mine' });
    expect(refused).toMatchObject({ error: { code: 'too-large-for-device', detail: { bytes: told, budgetBytes: told - 1 } } });
    expect(h.events.filter((e) => e.type === 'progress')).toEqual([]);
  });
});

describe('another quantization of what is loaded', () => {
  it.each([
    ['there is room for both', 2 ** 30, true],
    ['there is not', 1.5, false],
  ] as const)('leaves the first usable where it cannot be loaded and %s', async (_, budget, stays) => {
    const files = await tinySite(['tiny']);
    const weights = files.get('models/tiny/model.int8.safetensors')!;
    const probe = await open(2 ** 30, files);
    const { bytes } = (await probe.ask({ type: 'load', id: 'p', model: 'tiny' })) as Loaded;
    await probe.host.dispose();

    const h = await open(stays ? budget : budget * bytes, files);
    await h.ask({ type: 'load', id: 'l', model: 'tiny', ...(stays ? { saes: [TINY.hook] } : {}) });
    const before = held(h);
    expect(before.models).toEqual([{ id: 'tiny', bytes, quantization: 'int8' }]);
    files.delete('models/tiny/model.int8.safetensors');
    expect(await h.ask({ type: 'load', id: 'b', model: 'tiny', quantization: 'int4' })).toMatchObject({
      type: 'failed',
      error: { code: 'not-found' },
    });
    expect(held(h)).toEqual(stays ? before : { models: [], saes: [] });
    if (!stays) files.set('models/tiny/model.int8.safetensors', weights);
    expect(await h.ask(run('r', specOf('numbers')))).toMatchObject({
      type: 'result',
      provenance: { model: { quantization: 'int8' } },
    });
    files.set('models/tiny/model.int8.safetensors', weights);
    await h.ask({ type: 'load', id: 'c', model: 'tiny', quantization: 'int4' });
    expect(held(h).models.map(({ quantization }) => quantization)).toEqual(['int4']);
  });
});
