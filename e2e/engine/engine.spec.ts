import { expect, test } from '@playwright/test';
import type { Result, RunId } from '../../core/protocol/messages.ts';
import { reviveResult, tensorData } from '../../core/protocol/wire-tensor.ts';
import type { ExperimentSpec } from '../../core/spec/index.ts';
import type { ActivationsResult } from '../../labs/activations/result.ts';
import { lab as activations } from '../../labs/activations/spec.ts';
import type { ExploreResult } from '../../labs/explore/result.ts';
import { lab as explore } from '../../labs/explore/spec.ts';
import { differences, EXACT } from '../../scripts/lib/compare.ts';
import { TOLERANCE } from '../../workers/testing/tolerances.ts';
import { commandLine, hello, openRaw, type RawEngine } from './harness.ts';

const run = async (engine: RawEngine, id: string, spec: ExperimentSpec): Promise<Result> => {
  engine.post({ type: 'run', id: id as RunId, spec, priority: 'interactive' });
  return engine.wait('result', id);
};

/** Each of the two backends may be as far from the reference as the table says. */
const OTHER_BACKEND = { relative: 2 * TOLERANCE.activation.int8, absolute: 2 * TOLERANCE.logProb };

test('WASM without isolation and under a sub-path gives the command line’s bits', async ({ page }) => {
  const engine = await openRaw(page, { isolated: false, prefix: '/some/where/' });
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
  const ready = await hello(engine, 'wasm');
  expect(ready.backend).toBe('wasm');
  expect(ready.threads ?? 1).toBe(1);
  for (const lab of [explore, activations]) {
    const here = await run(engine, lab.id, lab.defaults);
    const there = commandLine(lab.defaults, '--backend', 'wasm');
    expect(here.specHash).toBe(there.specHash);
    expect(differences(here.payload, there.result, EXACT)).toEqual([]);
    expect(here.provenance.model).toEqual(there.provenance.model);
  }
  expect(engine.complaints).toEqual([]);
  await engine.close();
});

test('WASM in an isolated page uses threads and gives the same numbers', async ({ page }) => {
  const engine = await openRaw(page);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  const ready = await hello(engine, 'wasm');
  expect(ready.threads).toBeGreaterThan(1);
  const first = await run(engine, 'first', explore.defaults);
  expect(
    differences(first.payload, commandLine(explore.defaults).result, { relative: TOLERANCE.reordering, absolute: 1e-6 }),
  ).toEqual([]);
  const second = await run(engine, 'second', explore.defaults);
  expect(differences(first.payload, second.payload, EXACT)).toEqual([]);
  // The threads are pthread workers made of blobs: a policy violation or an error in one of them shows here.
  expect(engine.complaints).toEqual([]);
  expect(engine.server.requests.some((path) => path.includes('threaded-simd'))).toBe(true);
  await engine.close();
});

test('WebGPU gives the command line’s numbers, and the same bits each time', async ({ page }) => {
  const engine = await openRaw(page, { isolated: false });
  const ready = await hello(engine, 'webgpu');
  expect(ready.backend).toBe('webgpu');
  expect(ready.adapter).not.toBeNull();
  const first = await run(engine, 'first', explore.defaults);
  const second = await run(engine, 'second', explore.defaults);
  expect(differences(first.payload, second.payload, EXACT)).toEqual([]);

  // Ranks far down and features at their threshold may swap between backends; what follows may not.
  const there = reviveResult(commandLine(explore.defaults, '--backend', 'wasm').result) as ExploreResult;
  const here = first.payload as ExploreResult;
  for (const part of [
    (r: ExploreResult) => r.surprisal,
    (r: ExploreResult) => r.attention,
    (r: ExploreResult) => r.attribution?.components,
    (r: ExploreResult) => r.attribution?.difference,
    (r: ExploreResult) => topFive(r).map(([id]) => id),
    (r: ExploreResult) => topFive(r).map(([, logProb]) => logProb),
  ])
    expect(differences(part(here), part(there), OTHER_BACKEND)).toEqual([]);

  const wanted: ExperimentSpec = { ...activations.defaults, params: { hooks: ['blocks.*.hook_resid_post'], logits: true } };
  const hooks = (await run(engine, 'hooks', wanted)).payload as ActivationsResult;
  const reference = reviveResult(commandLine(wanted, '--backend', 'wasm').result) as ActivationsResult;
  const numbers = (r: ActivationsResult): unknown => [r.entries.map(({ tensor }) => tensor), r.logits];
  expect(differences(numbers(hooks), numbers(reference), { ...OTHER_BACKEND, absolute: 0 })).toEqual([]);
  expect(engine.complaints).toEqual([]);
  await engine.close();
});

/** Id and log-probability of the five most probable tokens at the last position. */
function topFive({ next }: ExploreResult): readonly (readonly [number, number])[] {
  const [positions = 0, width = 0] = next.ids.shape;
  const at = (positions - 1) * width;
  const ids = tensorData(next.ids);
  const logProbs = tensorData(next.logProbs);
  return Array.from({ length: 5 }, (_, rank) => [ids[at + rank]!, logProbs[at + rank]!]);
}

test('a run is cancelled in its middle, and the next one works', async ({ page }) => {
  const engine = await openRaw(page);
  await hello(engine, 'wasm');
  await run(engine, 'warm', explore.defaults);
  const words = 'one two three four five six seven eight nine ten '.repeat(4);
  const long: ExperimentSpec = {
    ...activations.defaults,
    prompts: Array.from({ length: 64 }, (_, i) => ({ text: `${i} ${words}` })),
    params: { hooks: ['blocks.*.hook_resid_post'] },
  };
  engine.post({ type: 'run', id: 'long' as RunId, spec: long, priority: 'interactive' });
  await engine.wait('chunk', 'long');
  engine.post({ type: 'cancel', id: 'long' });
  const ended = await engine.wait('cancelled', 'long');
  expect(ended.reason).toBe('asked');
  await run(engine, 'after', explore.defaults);
  const after = engine.events.slice(engine.events.indexOf(ended) + 1);
  expect(after.filter((event) => 'id' in event && event.id === 'long')).toEqual([]);
  // Cancelled in the middle: not all 64 prompts × 4 layers were sent.
  expect(engine.events.filter((event) => event.type === 'chunk' && event.id === 'long').length).toBeLessThan(200);
  await engine.close();
});

test('the first prompt downloads the model and one dictionary, nothing else of them', async ({ page }) => {
  const engine = await openRaw(page);
  await hello(engine, 'wasm');
  await run(engine, 'run', explore.defaults);
  const weights = engine.server.requests.filter((path) => path.endsWith('.safetensors'));
  expect(weights).toHaveLength(2);
  expect(weights.some((path) => path.includes('models/primer/'))).toBe(true);
  expect(weights.some((path) => path.includes(`saes/primer/${explore.defaults.saes![0]!}/`))).toBe(true);
  await engine.close();
});

for (const [what, code, body] of [
  ['cut off', 'truncated', Buffer.alloc(1000)],
  ['another file of the same length', 'digest-mismatch', null],
  ['missing', 'not-found', undefined],
] as const) {
  test(`weights that are ${what} fail with "${code}", and the engine lives on`, async ({ page }) => {
    let broken = true;
    const engine = await openRaw(page, {
      intercept: (path, response) => {
        if (!broken || !/models\/primer\/.*\.safetensors$/.test(path)) return false;
        if (body === undefined) response.writeHead(404).end();
        else response.writeHead(200).end(body ?? Buffer.alloc(size));
        return true;
      },
    });
    const size = await weightBytes(engine);
    await hello(engine, 'wasm');
    engine.post({ type: 'run', id: 'broken' as RunId, spec: explore.defaults, priority: 'interactive' });
    const failed = await engine.wait('failed', 'broken');
    expect(failed.error.code).toBe(code);
    expect(failed.error.retryable).toBe(true);
    broken = false;
    await run(engine, 'again', explore.defaults);
    await engine.close();
  });
}

async function weightBytes({ server }: RawEngine): Promise<number> {
  const manifest = (await (await fetch(`${server.url}models/primer/manifest.json`)).json()) as {
    files: { role: string; bytes: number }[];
  };
  return manifest.files.find(({ role }) => role === 'weights')!.bytes;
}

test('an unknown lab, model, dictionary or hook each fail with their code', async ({ page }) => {
  const engine = await openRaw(page);
  await hello(engine, 'wasm');
  const cases: readonly (readonly [string, ExperimentSpec])[] = [
    ['unknown-lab', { ...explore.defaults, lab: 'nowhere' }],
    ['unknown-model', { ...explore.defaults, model: 'nobody' }],
    ['unknown-sae', { ...explore.defaults, saes: ['blocks.99.hook_resid_post'] }],
    ['unknown-hook', { ...activations.defaults, params: { hooks: ['blocks.99.hook_resid_post'] } }],
  ];
  for (const [code, spec] of cases) {
    engine.post({ type: 'run', id: code as RunId, spec, priority: 'interactive' });
    expect((await engine.wait('failed', code)).error.code).toBe(code);
  }
  await engine.close();
});
