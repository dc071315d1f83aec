import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { isTerminal, type Event, type Memory, type Result } from '../../core/protocol/messages.ts';
import type { WireTensor } from '../../core/protocol/wire-tensor.ts';
import { HELLO, run, testHost, type TestHost } from '../testing/test-host.ts';
import { specOf } from '../testing/test-labs.ts';
import { TINY, tinySite, type Files } from '../testing/tiny-bundle.ts';
import type { HostEnvironment } from './host.ts';

const SITE = await tinySite(['tiny', 'other']);
let current: TestHost | null = null;

/** A host that was greeted, over a copy of the site. */
async function open(change: Partial<HostEnvironment> = {}, files: Files = new Map(SITE)): Promise<TestHost> {
  current = testHost(files, change);
  await current.ask(HELLO);
  return current;
}
afterEach(async () => {
  await current?.host.dispose();
  current = null;
});

const memories = (h: TestHost): Memory[] => h.events.filter((e) => e.type === 'memory');
const lastMemory = (h: TestHost): Memory => memories(h).at(-1)!;
const codeOf = (event: Event): string => (event.type === 'failed' ? event.error.code : event.type);
const logitsOf = (event: Event): Float32Array =>
  new Float32Array(((event as Result).payload as { logits: WireTensor }).logits.data);

describe('host', () => {
  it('answers the greeting with the backend and why, and counts its memory', async () => {
    const h = await open();
    expect(await h.ended('hello')).toMatchObject({ type: 'ready', protocol: 1, backend: 'cpu', adapter: null, software: false });
    expect(lastMemory(h)).toEqual({ type: 'memory', deviceBytes: 0, tensors: 0, models: [], saes: [] });
  });

  it('refuses another protocol, and says to later runs why there is no engine', async () => {
    const h = (current = testHost(new Map(SITE)));
    expect(codeOf(await h.ask(run('early', specOf('quick'))))).toBe('protocol-mismatch');
    expect(codeOf(await h.ask({ ...HELLO, id: 'old', protocol: 0 }))).toBe('protocol-mismatch');
    const broken = testHost(new Map(SITE), { openDevice: () => Promise.reject(new Error('no driver')) });
    expect(await broken.ask(HELLO)).toMatchObject({ type: 'failed', error: { message: 'no driver' } });
    expect(await broken.ask(run('r', specOf('quick')))).toMatchObject({ type: 'failed', error: { message: 'no driver' } });
    await broken.host.dispose();
  });

  it('takes WASM where WebGPU is there but does not start, and says so', async () => {
    const opened: string[] = [];
    const { openDevice } = await import('./device.ts');
    const h = (current = testHost(new Map(SITE), {
      openDevice: async (choice) => {
        opened.push(choice);
        if (choice === 'auto') throw new Error('driver crash');
        return { ...(await openDevice('cpu')), backend: choice };
      },
    }));
    const ready = await h.ask({ ...HELLO, backend: 'auto' });
    expect(opened).toEqual(['auto', 'wasm']);
    expect(ready).toMatchObject({
      type: 'ready',
      backend: 'wasm',
      reason: 'WASM, because WebGPU could not start (driver crash).',
    });
  });

  it('loads a model and its dictionaries with progress, and frees all of it', async () => {
    const h = await open();
    const loaded = await h.ask({ type: 'load', id: 'l', model: 'tiny', saes: [TINY.hook] });
    expect(loaded).toMatchObject({ type: 'loaded', model: 'tiny', quantization: 'int8', config: { nLayers: 2, dModel: 32 } });
    const { models, saes, tensors, deviceBytes } = lastMemory(h);
    expect(models).toEqual([{ id: 'tiny', bytes: (loaded as { bytes: number }).bytes, quantization: 'int8' }]);
    expect(saes.map((s) => s.id)).toEqual([`tiny/${TINY.hook}`]);
    expect(deviceBytes).toBe(models[0]!.bytes + saes[0]!.bytes);
    expect(tensors).toBeGreaterThan(20);
    const progress = h.events.filter((e) => e.type === 'progress');
    for (const phase of ['model', 'dictionary']) {
      const steps = progress.filter((p) => p.phase === phase);
      expect(steps.map((p) => p.done)).toEqual(steps.map((p) => p.done).sort((a, b) => a - b));
      expect(steps.at(-1)).toMatchObject({ unit: 'bytes', done: steps[0]!.total, total: steps[0]!.total });
    }
    await h.ask({ type: 'release', id: 'r1', target: `tiny/${TINY.hook}` });
    expect(lastMemory(h)).toMatchObject({ saes: [], models: [{ id: 'tiny' }] });
    await h.ask({ type: 'release', id: 'r2' });
    expect(lastMemory(h)).toEqual({ type: 'memory', deviceBytes: 0, tensors: 0, models: [], saes: [] });
  });

  it('keeps the chosen quantization for later runs', async () => {
    const h = await open();
    await h.ask({ type: 'load', id: 'l', model: 'tiny', quantization: 'int4', saes: [TINY.hook] });
    const four = await h.ask(run('four', specOf('numbers')));
    expect(four).toMatchObject({ type: 'result', provenance: { model: { quantization: 'int4' } } });
    await h.ask({ type: 'release', id: 'free', target: 'tiny' });
    const again = await h.ask(run('again', specOf('numbers')));
    expect(again).toMatchObject({ provenance: { model: { quantization: 'int4' } } });
    await h.ask({ type: 'load', id: 'l8', model: 'tiny', quantization: 'int8' });
    const eight = await h.ask(run('eight', specOf('numbers')));
    expect(eight).toMatchObject({ provenance: { model: { quantization: 'int8' } } });
    expect(logitsOf(again)).toEqual(logitsOf(four));
    expect(logitsOf(eight)).not.toEqual(logitsOf(four));
  });

  it('runs a lab: chunks copied and numbered, the result transferred, its provenance complete', async () => {
    const h = await open();
    const spec = specOf('numbers', {
      sampling: { seed: 7 },
      interventions: [{ kind: 'mean', hook: 'blocks.0.hook_mlp_out', over: 'batch' }],
    });
    const result = (await h.ask(run('r', spec))) as Result;
    const chunks = h.events.filter((e) => e.type === 'chunk');
    expect(chunks.map((c) => c.seq)).toEqual([0]);
    expect(h.transfers.get(chunks[0]!)).toEqual([]);
    expect(h.transfers.get(result)).toHaveLength(1);
    expect(result.provenance).toMatchObject({
      commit: 'abc',
      specHash: result.specHash,
      lab: 'numbers',
      labV: 1,
      model: { id: 'tiny', quantization: 'int8' },
      saes: [{ id: TINY.hook }],
      backend: 'cpu',
      adapter: null,
      seed: 7,
      bos: true,
      ablation: 'mean over batch',
    });
    expect(result.provenance.model.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(result.provenance.milliseconds).toBeGreaterThan(0);
    const plain = (await h.ask(run('plain', specOf('numbers', { prompts: [{ text: 'hello world', bos: false }] })))) as Result;
    expect(plain.provenance).toMatchObject({ bos: false, ablation: null, seed: null });
    expect(logitsOf(plain)).not.toEqual(logitsOf(result));
  });

  it('gives the same bits for the same spec, and holds the same tensors after each run', async () => {
    const h = await open();
    const results: Float32Array[] = [];
    const counts: number[] = [];
    for (const id of ['a', 'b', 'c']) {
      results.push(logitsOf(await h.ask(run(id, specOf('numbers')))));
      counts.push(lastMemory(h).tensors);
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
    expect(new Set(counts).size).toBe(1);
    expect(h.reads.filter((path) => path.endsWith('model.int8.safetensors'))).toHaveLength(1);
  });

  it('stops a run within a few macrotasks of its cancellation, with nothing left behind', async () => {
    const h = await open();
    await h.ask(run('first', specOf('numbers')));
    const { tensors } = lastMemory(h);
    for (const id of ['x', 'y']) {
      h.send(run(id, specOf('endless')));
      await h.until(() => h.events.some((e) => e.type === 'chunk' && e.id === id));
      h.send({ type: 'cancel', id });
      let steps = 0;
      await h.until(() => steps++ > 200 || h.events.some((e) => e.type === 'cancelled' && e.id === id));
      expect(await h.ended(id)).toEqual({ type: 'cancelled', id, reason: 'asked' });
      expect(steps).toBeLessThan(50);
      expect(lastMemory(h).tensors).toBe(tensors);
    }
  });

  it('replaces what waits in a slot', async () => {
    const h = await open();
    h.send(run('a', specOf('endless'), { slot: 's' }));
    await h.until(() => h.events.some((e) => e.type === 'chunk' && e.id === 'a'));
    for (const id of ['b', 'c']) h.send(run(id, specOf('quick'), { slot: 's' }));
    expect(await h.ended('b')).toEqual({ type: 'cancelled', id: 'b', reason: 'superseded' });
    h.send({ type: 'cancel', id: 'a' });
    expect(await h.ended('c')).toMatchObject({ type: 'result' });
    expect(await h.ended('b')).toEqual({ type: 'cancelled', id: 'b', reason: 'superseded' });
  });

  it.each([
    ['no object', 17, 'bad-spec'],
    ['an unknown field', { ...(specOf('quick') as object), more: 1 }, 'bad-spec'],
    ['unknown parameters', specOf('quick', { params: { depth: 3 } }), 'bad-spec'],
    ['an unknown lab', specOf('nothing'), 'unknown-lab'],
    ['an unknown model', specOf('quick', { model: 'gpt-9' }), 'unknown-model'],
    ['a model id that is a path', specOf('quick', { model: '../secret' }), 'bad-spec'],
    ['a failing lab', specOf('failing'), 'unknown-hook'],
    ['a result that cannot be sent', specOf('unclonable'), 'internal'],
    ['no prompt', specOf('numbers', { prompts: [{ tokens: [] }] }), 'prompt-empty'],
    ['too long a prompt', specOf('numbers', { prompts: [{ text: 'x'.repeat(200) }] }), 'prompt-too-long'],
    [
      'an intervention on an unknown dictionary',
      specOf('numbers', { interventions: [{ kind: 'saeFeature', sae: 'none', feature: 0, mode: 'set', value: 1 }] }),
      'unknown-sae',
    ],
  ])('fails a run with %s, and goes on', async (_what, spec, code) => {
    const h = await open();
    expect(codeOf(await h.ask(run('bad', spec)))).toBe(code);
    expect(codeOf(await h.ask(run('good', specOf('quick'))))).toBe('result');
  });

  it('edits a feature of a dictionary, and names it in the provenance', async () => {
    const h = await open();
    const edit = { kind: 'saeFeature', sae: TINY.hook, feature: 3, mode: 'add', value: 4 };
    const edited = (await h.ask(run('edited', specOf('numbers', { interventions: [edit] })))) as Result;
    const plain = await h.ask(run('plain', specOf('numbers')));
    expect(edited.provenance.saes).toEqual([{ id: TINY.hook, digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string }]);
    expect(logitsOf(edited)).not.toEqual(logitsOf(plain));
  });

  const weights = 'models/tiny/model.int8.safetensors';
  const manifest = 'models/tiny/manifest.json';
  const sae = `saes/tiny/${TINY.hook}/sae_weights.int8.safetensors`;
  const garbled = new TextEncoder().encode('<!doctype html>');
  const other = SITE.get('models/other/manifest.json')!;
  it.each([
    ['is missing', weights, null, 'not-found'],
    ['was cut off', weights, SITE.get(weights)!.slice(0, -10), 'truncated'],
    ['differs in one byte', weights, flipped(SITE.get(weights)!), 'digest-mismatch'],
    ['is a page', manifest, garbled, 'bad-file'],
    ['is another model’s', manifest, other, 'bad-file'],
    ['is missing, of the catalogue', 'models/catalogue.json', null, 'not-found'],
    ['differs, of a dictionary', sae, flipped(SITE.get(sae)!), 'digest-mismatch'],
    ['is no configuration', `saes/tiny/${TINY.hook}/cfg.json`, garbled, 'bad-file'],
  ])('says when a file %s: %s', async (_what, path, bytes, code) => {
    const files = new Map(SITE);
    if (bytes) files.set(path, bytes);
    else files.delete(path);
    const h = await open({}, files);
    expect(codeOf(await h.ask(run('bad', specOf('numbers'))))).toBe(code);
    files.set(path, SITE.get(path)!);
    expect(codeOf(await h.ask(run('good', specOf('numbers'))))).toBe('result');
    await h.ask({ type: 'release', id: 'free' });
    expect(lastMemory(h).tensors).toBe(0);
  });

  it('frees what was used longest ago when the budget is passed, and refuses what never fits', async () => {
    const one = await open();
    await one.ask(run('r', specOf('numbers')));
    const needed = lastMemory(one).models[0]!.bytes + lastMemory(one).saes[0]!.bytes;
    await one.host.dispose();
    const h = await open({ budgetBytes: needed * 1.5 });
    await h.ask(run('r1', specOf('numbers')));
    await h.ask(run('r2', specOf('numbers', { model: 'other' })));
    expect(lastMemory(h).models.map((m) => m.id)).toEqual(['other']);
    expect(codeOf(await h.ask(run('r3', specOf('numbers'))))).toBe('result');
    await h.host.dispose();
    const small = await open({ budgetBytes: needed / 10 });
    expect(codeOf(await small.ask(run('r', specOf('numbers'))))).toBe('too-large-for-device');
  });

  it('fails a run in which the device complained: its numbers may be zeros', async () => {
    const h = await open();
    h.send(run('r', specOf('endless')));
    await h.until(() => h.events.some((e) => e.type === 'chunk'));
    h.complain('invalid bind group');
    h.send({ type: 'cancel', id: 'r' });
    await h.ended('r');
    h.send(run('s', specOf('quick')));
    expect(await h.ended('s')).toMatchObject({ type: 'failed', error: { code: 'backend-failed' } });
    expect(codeOf(await h.ask(run('t', specOf('quick'))))).toBe('result');
  });
});

function flipped(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  copy[copy.length - 5]! ^= 1;
  return copy;
}

describe('device loss', () => {
  it.each(['endless', 'stuck'])(
    'fails the run that it interrupts (%s), comes back with what was in memory, once',
    async (lab) => {
      const h = await open();
      const before = await h.ask(run('before', specOf('numbers')));
      const { models, saes } = lastMemory(h);
      h.send(run('hit', specOf(lab)));
      h.send(run('waiting', specOf('numbers')));
      await h.until(() => h.events.some((e) => e.type === 'chunk' && e.id === 'hit'));
      h.lose('driver reset');
      expect(await h.ended('hit')).toMatchObject({ type: 'failed', error: { code: 'device-lost', retryable: true } });
      expect(logitsOf(await h.ended('waiting'))).toEqual(logitsOf(before));
      const lost = h.events.findIndex((e) => e.type === 'device-lost');
      expect(h.events[lost]).toEqual({ type: 'device-lost', reason: 'driver reset', recovering: true });
      const back = h.events.slice(lost).find((e) => e.type === 'memory');
      expect(back).toMatchObject({ models: models.map(({ id }) => ({ id })), saes: saes.map(({ id }) => ({ id })) });

      h.send(run('hit again', specOf(lab)));
      await h.until(() => h.events.some((e) => e.type === 'chunk' && e.id === 'hit again'));
      h.lose('driver reset');
      expect(codeOf(await h.ended('hit again'))).toBe('device-lost');
      expect(h.events.filter((e) => e.type === 'device-lost').at(-1)).toMatchObject({ recovering: false });
      expect(codeOf(await h.ask(run('after', specOf('quick'))))).toBe('device-lost');
      expect(codeOf(await h.ask({ ...HELLO, id: 'hello again' }))).toBe('ready');
      expect(logitsOf(await h.ask(run('fresh', specOf('numbers'))))).toEqual(logitsOf(before));
    },
  );

  it('comes back by itself where nothing ran, and frees what was held before', async () => {
    const h = await open();
    await h.ask(run('r', specOf('numbers')));
    const { tensors } = lastMemory(h);
    const count = memories(h).length;
    h.lose('sleep');
    await h.until(() => memories(h).length > count);
    expect(lastMemory(h)).toMatchObject({ models: [{ id: 'tiny' }], saes: [{ id: `tiny/${TINY.hook}` }] });
    expect(codeOf(await h.ask(run('s', specOf('numbers'))))).toBe('result');
    expect(lastMemory(h).tensors).toBe(tensors);
  });

  it('gives up where the device does not open again', async () => {
    let times = 0;
    const { openDevice } = await import('./device.ts');
    const options: { onLost?: (reason: string) => void } = {};
    const h = await open({
      openDevice: (choice, given = {}) => {
        if (times++ > 0) return Promise.reject(new Error('no adapter'));
        Object.assign(options, given);
        return openDevice(choice, given);
      },
    });
    options.onLost?.('unplugged');
    const failed = await h.ask(run('r', specOf('quick')));
    expect(failed).toMatchObject({ type: 'failed', error: { code: 'device-lost' } });
    expect(h.events.filter((e) => e.type === 'device-lost').map((e) => e.recovering)).toEqual([true, false]);
  });
});

describe('messages', () => {
  it('drops what has no id, and fails what is no request', async () => {
    const h = await open();
    for (const message of [null, 3, 'run', [], {}, { type: 'run' }, { type: 'run', id: 7 }, { id: '\u0000x', type: 'run' }])
      h.send(message);
    expect(codeOf(await h.ask({ type: 'dance', id: 'd' }))).toBe('protocol-mismatch');
    expect(codeOf(await h.ask({ type: 'run', id: 'p', spec: specOf('quick'), priority: 'urgent' }))).toBe('protocol-mismatch');
    h.send({ type: 'cancel', id: 'nobody' });
    expect(h.events.filter((e) => 'id' in e && !['hello', 'd', 'p'].includes(e.id))).toEqual([]);
  });

  it('never throws, and ends every id exactly once, under any interleaving', async () => {
    const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
    const spec = fc.constantFrom('quick', 'endless', 'failing', 'numbers', 'unclonable', 'nothing').map((lab) => specOf(lab));
    const message = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({ type: fc.constant('run'), id, spec, priority: fc.constantFrom('interactive', 'background') }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          type: fc.constant('run'),
          id,
          spec,
          slot: fc.constant('s'),
          priority: fc.constant('interactive'),
        }),
      },
      { weight: 4, arbitrary: fc.record({ type: fc.constant('cancel'), id }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant('load'), id, model: fc.constantFrom('tiny', 'none') }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant('release'), id }) },
      { weight: 1, arbitrary: fc.constant('lose') },
      { weight: 2, arbitrary: fc.anything() },
      { weight: 3, arbitrary: fc.nat(6).map((wait) => ({ wait })) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 14 }), async (messages) => {
        const h = await open();
        const asked = new Set<string>();
        for (const m of messages) {
          if (m === 'lose') h.lose('at random');
          else if (typeof m === 'object' && m !== null && 'wait' in m) {
            for (let i = 0; i < Number(m.wait); i++) await new Promise((resolve) => setImmediate(resolve));
          } else {
            h.send(m);
            if (typeof m === 'object' && m !== null && 'id' in m && 'type' in m && m.type !== 'cancel') asked.add(String(m.id));
          }
        }
        for (const name of asked) h.send({ type: 'cancel', id: name });
        for (const name of asked) await h.ended(name);
        const freed = await h.ask({ type: 'release', id: 'at the end' });
        // After a second loss nothing runs any more, not even this.
        if (codeOf(freed) === 'device-lost') expect(messages.filter((m) => m === 'lose').length).toBeGreaterThan(1);
        else expect(lastMemory(h)).toMatchObject({ tensors: 0, deviceBytes: 0 });
        await h.host.dispose();
        for (const name of asked) {
          const own = h.events.filter((e) => 'id' in e && e.id === name);
          expect(own.filter(isTerminal)).toHaveLength(1);
          expect(isTerminal(own.at(-1)!)).toBe(true);
          const seqs = own.filter((e) => e.type === 'chunk').map((e) => e.seq);
          expect(seqs).toEqual(seqs.map((_, i) => i));
        }
      }),
      { numRuns: 40 },
    );
  });
});
