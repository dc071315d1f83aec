import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSafetensors } from '../../core/files/safetensors.ts';
import { tf } from '../kernels/index.ts';
import { testHost, HELLO } from '../testing/test-host.ts';
import { memorySource, tinySite, type Files } from '../testing/tiny-bundle.ts';
import { openNodeBackend } from '../testing/node-backends.ts';
import { bundleFiles } from './bundle-files.ts';
import { openBundle } from './catalogue.ts';
import { sha256 } from './file-source.ts';
import { ggufFile } from './gguf/testing.ts';
import { loadModel } from './load.ts';
import { localFiles } from './local-files.ts';
import { MemoryFile, type ModelFiles } from './model-files.ts';

const noSae = (): Promise<never> => Promise.reject(new Error('there are none'));
let files: Files;
const tiny = async (): Promise<ModelFiles> => {
  const source = memorySource(files);
  return bundleFiles(source, await openBundle(source, 'tiny'));
};

beforeAll(async () => {
  files = await tinySite();
});

describe('loading', () => {
  beforeAll(() => openNodeBackend('cpu'));
  afterAll(async () => (await import('../runtime/device.ts')).closeDevice());

  it('tells bytes that grow to the size of all weights', async () => {
    const seen: number[] = [];
    const before = tf.memory().numTensors;
    const model = await loadModel(await tiny(), 'int8', noSae, { onBytes: (done) => seen.push(done) });
    const size = files.get('models/tiny/model.int8.safetensors')!.length;
    expect(seen.at(-1)).toBe(size);
    expect(seen.every((done, i) => i === 0 || done >= seen[i - 1]!)).toBe(true);
    expect(new Set(seen).size).toBeGreaterThan(20);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([1, 7, 20])('frees everything when it is cancelled at tensor %s', async (stop) => {
    const before = tf.memory();
    let asked = 0;
    const checkpoint = (): Promise<void> => (++asked === stop ? Promise.reject(new Error('stopped')) : Promise.resolve());
    await expect(loadModel(await tiny(), 'int8', noSae, { checkpoint })).rejects.toThrow('stopped');
    expect([tf.memory().numTensors, tf.memory().numBytes]).toEqual([before.numTensors, before.numBytes]);
    const controller = new AbortController();
    const late = loadModel(await tiny(), 'int8', noSae, {
      signal: controller.signal,
      onBytes: (done) => done > 5_000 && controller.abort(),
    });
    await expect(late).rejects.toMatchObject({ name: 'AbortError' });
    expect(tf.memory().numTensors).toBe(before.numTensors);
  });

  it.each<[string, (whole: ModelFiles) => Partial<ModelFiles>, string, RegExp]>([
    ['no weights', () => ({ weights: [] }), 'bad-file', /has no weights/],
    ['no config.json', () => ({ config: async () => null }), 'bad-file', /no config\.json/],
    ['no tokenizer.json', () => ({ tokenizer: async () => null }), 'bad-file', /no tokenizer\.json/],
    ['another architecture', () => ({ config: async () => ({ model_type: 'mamba' }) }), 'unsupported-file', /mamba/],
    ['weights that are something else', () => ({ weights: [new MemoryFile('m', new Uint8Array(64))] }), 'bad-file', /./],
    [
      'a GGUF file among others',
      ({ weights }) => ({ weights: [...weights, new MemoryFile('m', ggufFile({}, []))] }),
      'bad-file',
      /some are not/,
    ],
    [
      'a tensor of another shape',
      () => ({
        weights: [new MemoryFile('m', writeSafetensors([{ name: 'wte.weight', shape: [2, 32], data: new Float32Array(64) }]))],
      }),
      'bad-file',
      /wte\.weight is \[2, 32\]/,
    ],
    [
      'a tensor missing',
      () => ({
        weights: [
          new MemoryFile('m', writeSafetensors([{ name: 'wte.weight', shape: [258, 32], data: new Float32Array(258 * 32) }])),
        ],
      }),
      'bad-file',
      /no tensor "wpe\.weight"/,
    ],
  ])('says what is wrong with %s, and leaves nothing behind', async (_what, change, code, message) => {
    const before = tf.memory().numTensors;
    const whole = await tiny();
    const loading = loadModel({ ...whole, ...change(whole) }, 'int8', noSae);
    await expect(loading).rejects.toMatchObject({ name: 'VitrineError', code, message: expect.stringMatching(message) });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('reads the chat template of a bundle from its own file, and checks it', async () => {
    const site: Files = new Map(files);
    const template = new TextEncoder().encode('{{ messages[0].content }}!');
    const path = 'models/tiny/manifest.json';
    const manifest = JSON.parse(new TextDecoder().decode(site.get(path))) as { files: unknown[] };
    const entry = { path: 'chat_template.jinja', role: 'chat-template', bytes: template.length, sha256: await sha256(template) };
    site.set(path, new TextEncoder().encode(JSON.stringify({ ...manifest, files: [...manifest.files, entry] })));
    site.set('models/tiny/chat_template.jinja', template);
    const open = async (): Promise<ModelFiles> => {
      const source = memorySource(site);
      return bundleFiles(source, await openBundle(source, 'tiny'));
    };
    const model = await loadModel(await open(), 'int8', noSae);
    expect(await model.tokenizer.applyChat([{ role: 'user', content: 'Hi' }], { end: 'none' })).toMatchObject({ text: 'Hi!' });
    model.dispose();
    site.set('models/tiny/chat_template.jinja', new TextEncoder().encode('{{ messages[0].content }}?'));
    await expect((await open()).tokenizerConfig()).rejects.toMatchObject({ code: 'digest-mismatch' });
  });

  it('finds the model among files of this device', async () => {
    const blob = (path: string): Blob => new Blob([files.get(`models/tiny/${path}`)!]);
    const { config } = JSON.parse(new TextDecoder().decode(files.get('models/tiny/manifest.json'))) as { config: unknown };
    const given = [
      { name: 'README.md', blob: new Blob(['x']) },
      { name: 'tokenizer.json', blob: blob('tokenizer.json') },
      { name: 'model.safetensors', blob: blob('model.int8.safetensors') },
      { name: 'config.json', blob: new Blob([JSON.stringify(config)]) },
    ];
    const model = await loadModel(localFiles('local:tiny', given), 'int8', noSae);
    expect([model.id, model.config.dModel, model.digest]).toEqual([
      'local:tiny',
      32,
      expect.stringContaining('model.safetensors'),
    ]);
    model.dispose();
    expect(() => localFiles('local:x', given.slice(0, 2))).toThrow(expect.objectContaining({ code: 'unsupported-file' }));
  });
});

describe('files given to the engine', () => {
  it('are a model of the tab from then on; others are asked for', async () => {
    const host = testHost(files);
    await host.ask(HELLO);
    const blob = (path: string): Blob => new Blob([files.get(`models/tiny/${path}`)!]);
    const { config } = JSON.parse(new TextDecoder().decode(files.get('models/tiny/manifest.json'))) as { config: unknown };
    const mine = [
      { name: 'model.safetensors', blob: blob('model.int8.safetensors') },
      { name: 'tokenizer.json', blob: blob('tokenizer.json') },
      { name: 'config.json', blob: new Blob([JSON.stringify(config)]) },
    ];
    host.send({ type: 'files', id: 'f', model: 'local:mine', files: mine });
    expect(await host.ask({ type: 'load', id: 'a', model: 'local:mine' })).toMatchObject({ type: 'loaded', model: 'local:mine' });
    expect(await host.ask({ type: 'load', id: 'b', model: 'local:other' })).toMatchObject({
      type: 'failed',
      error: { code: 'unknown-model', hint: expect.stringContaining('drop them again') },
    });
    expect(await host.ask({ type: 'load', id: 'c', model: 'local:mine', saes: ['x'] })).toMatchObject({
      type: 'failed',
      error: { code: 'unknown-sae' },
    });
    // None of them: they are forgotten, once what is loaded is freed.
    host.send({ type: 'files', id: 'g', model: 'local:mine', files: [] });
    expect(await host.ask({ type: 'release', id: 'd', target: 'local:mine' })).toMatchObject({ type: 'released' });
    expect(await host.ask({ type: 'load', id: 'e', model: 'local:mine' })).toMatchObject({ error: { code: 'unknown-model' } });
    // Given in another way, they are held so.
    host.send({ type: 'files', id: 'h', model: 'local:mine', files: mine, quantization: 'f32' });
    expect(await host.ask({ type: 'load', id: 'i', model: 'local:mine' })).toMatchObject({ type: 'loaded', quantization: 'f32' });
    await host.host.dispose();
  });
});
