import { expect, it } from 'vitest';
import type { HubNeeds } from '../../core/files/hub.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import { asLocalModel, createLocalModels } from './local-models.ts';

const NEEDS = {
  family: 'llama',
  parameters: 10,
  weights: 'Q4_0',
  held: [{ quantization: 'gguf', bytes: { webgpu: 7, wasm: 8, cpu: 40 } }],
} as Partial<HubNeeds> as HubNeeds;
const file = (name: string, text = 'x'): File => new File([text], name);

it('files become a model only when the reader says so', async () => {
  const given: string[] = [];
  const models = createLocalModels({ needs: () => Promise.resolve(NEEDS), give: (id) => given.push(id) });
  expect(models.confirm()).toBeNull();
  await models.offer([file('My model (1)-00001-of-00002.gguf')]);
  expect(models.store.getState().offered).toMatchObject({ id: 'local:My-model-1-', needs: NEEDS });
  expect(given).toEqual([]);
  expect(models.confirm()).toBe('local:My-model-1-');
  expect(given).toEqual(['local:My-model-1-']);
  const [entry] = models.store.getState().models;
  expect(entry && asLocalModel(entry)).toMatchObject({ source: 'local', family: 'llama', quantization: { kind: 'Q4_0' } });
  models.remove('local:My-model-1-');
  expect(models.store.getState().models).toEqual([]);
});

it('what is no model says so, and only the newest files count', async () => {
  let fail: (error: Error) => void = () => undefined;
  const slow = new Promise<HubNeeds>((_, reject) => (fail = reject));
  const answers = [slow, Promise.resolve(NEEDS)];
  const models = createLocalModels({ needs: () => answers.shift() ?? Promise.resolve(NEEDS), give: () => undefined });
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
