import { expect, it } from 'vitest';
import { checkpointIn } from '../../core/files/checkpoint.ts';
import type { HubNeeds } from '../../core/files/hub.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import { asLocalModel, createLocalModels, type LocalModels, type NamedFile } from './local-models.ts';

const NEEDS = {
  family: 'llama',
  parameters: 10,
  weights: 'Q4_0',
  held: [{ quantization: 'gguf', bytes: { webgpu: 7, wasm: 8, cpu: 40 } }],
} as Partial<HubNeeds> as HubNeeds;
const file = (name: string, text = 'x'): NamedFile => ({ name, blob: new Blob([text]) });
const open = (
  needs: () => Promise<HubNeeds>,
): { readonly models: LocalModels; readonly given: string[]; readonly taken: string[] } => {
  const [given, taken]: [string[], string[]] = [[], []];
  const models = createLocalModels({
    needs,
    give: (id) => void given.push(id),
    take: (id) => Promise.resolve(void taken.push(id)),
  });
  return { models, given, taken };
};

it('files become a model only when the reader says so', async () => {
  const { models, given, taken } = open(() => Promise.resolve(NEEDS));
  expect(models.confirm()).toBeNull();
  await models.offer([file('My model (1)-00001-of-00002.gguf')]);
  expect(models.store.getState().offered).toMatchObject({ id: 'local:My-model-1-', needs: NEEDS });
  expect(given).toEqual([]);
  expect(models.confirm()).toBe('local:My-model-1-');
  expect(given).toEqual(['local:My-model-1-']);
  const [entry] = models.store.getState().models;
  expect(entry && asLocalModel(entry)).toMatchObject({ source: 'local', family: 'llama', quantization: { kind: 'Q4_0' } });
  expect(taken).toEqual([]);
  await models.remove('local:My-model-1-');
  expect(models.store.getState().models).toEqual([]);
  // The engine forgets it, too.
  expect(taken).toEqual(['local:My-model-1-']);
});

it('is held in memory as the reader chose', async () => {
  const given: unknown[] = [];
  const held = (quantization: 'int8' | 'int4', webgpu: number): HubNeeds['held'][number] => ({
    quantization,
    bytes: { webgpu, wasm: webgpu, cpu: 40 },
  });
  const models = createLocalModels({
    needs: () => Promise.resolve({ ...NEEDS, weights: 'bfloat16', held: [held('int8', 12), held('int4', 7)] }),
    give: (...all) => void given.push(all[2]),
    take: () => Promise.resolve(),
  });
  for (const quantization of ['int4', undefined] as const) {
    await models.offer([file('a.safetensors')]);
    models.confirm(quantization);
  }
  expect(given).toEqual(['int4', undefined]);
  await models.offer([file('a.safetensors')]);
  models.confirm('int4');
  const [entry] = models.store.getState().models;
  expect(entry && asLocalModel(entry)).toMatchObject({ quantization: { kind: 'bfloat16 as int4' }, held: { webgpu: 7 } });
});

it('what is no model says so, and only the newest files count', async () => {
  let fail: (error: Error) => void = () => undefined;
  const slow = new Promise<HubNeeds>((_, reject) => (fail = reject));
  const answers = [slow, Promise.resolve(NEEDS)];
  const { models } = open(() => answers.shift() ?? Promise.resolve(NEEDS));
  const first = models.offer([file('a.gguf')]);
  await models.offer([file('b.gguf')]);
  fail(new VitrineError('bad-file', 'broken'));
  await first;
  expect(models.store.getState().offered).toMatchObject({ id: 'local:b', error: null });
  answers.push(Promise.reject(new VitrineError('bad-file', 'broken')));
  await models.offer([file('c.txt')]);
  expect(models.store.getState().offered).toMatchObject({ id: 'local:c', error: { code: 'bad-file' } });
  expect(models.confirm()).toBeNull();
});

it('a folder is the checkpoint in it: its own weights, its texts and its chat templates, by the folder’s name', async () => {
  const paths = [
    'model-00001-of-00002.safetensors',
    'model-00002-of-00002.safetensors',
    'adapter_model.safetensors',
    'config.json',
    'chat_template.jinja',
    'additional_chat_templates/rag.jinja',
    'onnx/model.safetensors',
    'copy.gguf',
  ];
  const { files, name } = checkpointIn(paths.map((path) => file(`My Model/${path}`)));
  expect(name).toBe('My Model');
  expect(files.map((one) => one.name)).toEqual([
    'model-00001-of-00002.safetensors',
    'model-00002-of-00002.safetensors',
    'config.json',
    'chat_template.jinja',
    'additional_chat_templates/rag.jinja',
  ]);
  expect(checkpointIn([file('g/x.gguf')]).files.map((one) => one.name)).toEqual(['x.gguf']);
  const { models } = open(() => Promise.resolve(NEEDS));
  await models.offer(files, name);
  expect(models.confirm()).toBe('local:My-Model');
});
