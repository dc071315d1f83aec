import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveHub, type HubServer } from '../../../scripts/lib/hub-server.ts';
import { readSafetensors, writeSafetensors } from '../../../core/files/safetensors.ts';
import { repository } from '../../testing/hub-repositories.ts';
import { HELLO, run, testHost, type TestHost } from '../../testing/test-host.ts';
import { specOf } from '../../testing/test-labs.ts';
import { byteTokenizer } from '../../testing/tiny-bundle.ts';
import { random } from '../../testing/numbers.ts';
import { countParameters } from '../needs.ts';
import { look, needs } from './service.ts';

const REPO = 'tiny/gpt2';
const [d, layers, vocabulary, context] = [32, 2, 258, 40] as const;
const CONFIG = {
  model_type: 'gpt2',
  n_embd: d,
  n_head: 4,
  n_layer: layers,
  n_positions: context,
  vocab_size: vocabulary,
  bos_token_id: 0,
  eos_token_id: 0,
};

const weights = (): Uint8Array => writeSafetensors(tensors());

function tensors(): Parameters<typeof writeSafetensors>[0] {
  const tensor = (name: string, ...shape: number[]): Parameters<typeof writeSafetensors>[0][number] => ({
    name,
    shape,
    data: random(
      shape.reduce((a, b) => a * b, 1),
      name.length,
      0.1,
    ),
  });
  const block = (h: string): Parameters<typeof writeSafetensors>[0] => [
    ...['ln_1', 'ln_2'].flatMap((name) => [tensor(`${h}.${name}.weight`, d), tensor(`${h}.${name}.bias`, d)]),
    tensor(`${h}.attn.c_attn.weight`, d, 3 * d),
    tensor(`${h}.attn.c_attn.bias`, 3 * d),
    tensor(`${h}.attn.c_proj.weight`, d, d),
    tensor(`${h}.attn.c_proj.bias`, d),
    tensor(`${h}.mlp.c_fc.weight`, d, 4 * d),
    tensor(`${h}.mlp.c_fc.bias`, 4 * d),
    tensor(`${h}.mlp.c_proj.weight`, 4 * d, d),
    tensor(`${h}.mlp.c_proj.bias`, d),
  ];
  return [
    tensor('wte.weight', vocabulary, d),
    tensor('wpe.weight', context, d),
    ...Array.from({ length: layers }, (_, i) => block(`h.${i}`)).flat(),
    tensor('ln_f.weight', d),
    tensor('ln_f.bias', d),
  ];
}

let hub: HubServer;
let test: TestHost;
beforeEach(async () => {
  hub = await serveHub({
    [REPO]: {
      files: {
        'config.json': JSON.stringify(CONFIG),
        'tokenizer.json': JSON.stringify(byteTokenizer()),
        'tokenizer_config.json': '{"bos_token":"<|endoftext|>"}',
        'model.safetensors': weights(),
      },
    },
    'tiny/sharded': { files: {} },
  });
  test = testHost(new Map());
  await test.ask(HELLO);
});
afterEach(async () => {
  await test.host.dispose();
  await hub.close();
});

describe('the engine', () => {
  it('opens a model of the Hub once it was confirmed, and asks nothing of the Hub before', async () => {
    const { offers } = await look(repository(REPO), { host: hub.url, token: null });
    const model = offers[0]!.model;
    const before = hub.requests.length;
    expect(await test.ask({ type: 'load', id: 'early', model: model.id })).toMatchObject({
      type: 'failed',
      error: { code: 'not-confirmed' },
    });
    expect(hub.requests.length).toBe(before);
    test.send({ type: 'hub', id: 'hub', host: hub.url, token: null, models: [model] });
    const loaded = await test.ask({ type: 'load', id: 'load', model: model.id });
    expect(loaded).toMatchObject({ type: 'loaded', model: model.id, digest: model.weights[0]?.sha256 });
    // What is told before a download is what is in the file.
    const told = await needs(model, { host: hub.url, token: null });
    const read = [...readSafetensors(weights()).tensors.values()];
    expect(told.parameters).toBe(read.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0));
    expect(loaded.type === 'loaded' && countParameters(loaded.config)).toBe(told.parameters);
  });

  it('computes the same of a checkpoint in shards', async () => {
    const all = tensors();
    const shards = [all.slice(0, 9), all.slice(9)].map((part) => writeSafetensors(part));
    const names = ['model-00001-of-000002.safetensors', 'model-00002-of-000002.safetensors'];
    const map = Object.fromEntries(all.map(({ name }, i) => [name, names[i < 9 ? 0 : 1]]));
    for (const [path, content] of [
      ['config.json', JSON.stringify(CONFIG)],
      ['tokenizer.json', JSON.stringify(byteTokenizer())],
      ['model.safetensors.index.json', JSON.stringify({ metadata: {}, weight_map: map })],
      [names[1]!, shards[1]!],
      [names[0]!, shards[0]!],
    ] as const)
      hub.push('tiny/sharded', path, content);
    const logits: unknown[] = [];
    for (const repo of [REPO, 'tiny/sharded']) {
      const { offers } = await look(repository(repo), { host: hub.url, token: null });
      const { model } = offers[0]!;
      test.send({ type: 'hub', id: `hub ${repo}`, host: hub.url, token: null, models: [model] });
      await test.ask(run(repo, specOf('numbers', { model: model.id })));
      const chunk = test.events.find((event) => event.type === 'chunk' && event.id === repo);
      logits.push(chunk?.type === 'chunk' && (chunk.payload as { logits: unknown }).logits);
    }
    expect(logits[0]).toMatchObject({ shape: [vocabulary] });
    expect(logits[1]).toEqual(logits[0]);
  });

  it('refuses another host than the Hub, and ids that are none of it', async () => {
    const { offers } = await look(repository(REPO), { host: hub.url, token: null });
    const model = offers[0]!.model;
    for (const bad of [
      { host: 'https://evil.example', models: [model] },
      { host: hub.url, models: [{ ...model, id: 'primer' }] },
    ]) {
      const answer = await test.ask({ type: 'hub', id: `bad-${bad.host}-${bad.models[0]!.id}`, token: null, ...bad });
      expect(answer).toMatchObject({ type: 'failed', error: { code: 'protocol-mismatch' } });
    }
    expect(await test.ask({ type: 'load', id: 'after', model: model.id })).toMatchObject({ error: { code: 'not-confirmed' } });
  });

  it('says what the Hub says when a file cannot be read, and stays usable', async () => {
    const { offers } = await look(repository(REPO), { host: hub.url, token: null });
    const model = offers[0]!.model;
    test.send({ type: 'hub', id: 'hub', host: hub.url, token: null, models: [model] });
    hub.faults.refuse = { pattern: /safetensors/, times: 1, status: 404, headers: { 'x-error-code': 'EntryNotFound' } };
    expect(await test.ask({ type: 'load', id: 'a', model: model.id })).toMatchObject({ error: { code: 'hub-not-found' } });
    hub.faults.corrupt = /safetensors/;
    expect(await test.ask({ type: 'load', id: 'b', model: model.id })).toMatchObject({ error: { code: 'digest-mismatch' } });
    hub.faults.corrupt = null;
    expect(await test.ask({ type: 'load', id: 'c', model: model.id })).toMatchObject({ type: 'loaded' });
  });
});
