import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveHub, type HubServer } from '../../../scripts/lib/hub-server.ts';
import { readSafetensors, writeSafetensors } from '../../../core/files/safetensors.ts';
import { HELLO, testHost, type TestHost } from '../../testing/test-host.ts';
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

function weights(): Uint8Array {
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
  return writeSafetensors([
    tensor('wte.weight', vocabulary, d),
    tensor('wpe.weight', context, d),
    ...Array.from({ length: layers }, (_, i) => block(`h.${i}`)).flat(),
    tensor('ln_f.weight', d),
    tensor('ln_f.bias', d),
  ]);
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
    const { offers } = await look(REPO, null, { host: hub.url, token: null });
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
    const tensors = [...readSafetensors(weights()).tensors.values()];
    expect(told.parameters).toBe(tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0));
    expect(loaded.type === 'loaded' && countParameters(loaded.config)).toBe(told.parameters);
  });

  it('refuses another host than the Hub, and ids that are none of it', async () => {
    const { offers } = await look(REPO, null, { host: hub.url, token: null });
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
    const { offers } = await look(REPO, null, { host: hub.url, token: null });
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
