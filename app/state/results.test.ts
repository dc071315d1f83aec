import { describe, expect, it } from 'vitest';
import { VitrineError, toWireError } from '../../core/protocol/errors.ts';
import { plainResult, tensorData, wireTensor, type WireTensor } from '../../core/protocol/wire-tensor.ts';
import type { Engine } from '../../workers/client/engine.ts';
import { FakeEngine } from '../../workers/client/fake-engine.ts';
import { createResults, IDLE_PANEL, type PanelState, type ResultEntry, type Results, type RunRequest } from './results.ts';
import { chunk, hashOf, provenance, resultOf, settle, specOf, steppedEngine } from './testing/fixtures.ts';

const one = specOf('one');
const two = specOf('two');
const asked = (spec = one, mode: RunRequest['mode'] = 'asked'): RunRequest => ({
  lab: 'explore',
  spec,
  hash: hashOf(spec),
  mode,
});

/** Frames come when the test says so. */
function harness(engine: Engine, files: Record<string, unknown> = {}) {
  let due: (() => void)[] = [];
  const results = createResults({
    engine: () => engine,
    fetchJson: (path) => Promise.resolve(files[path] ?? null),
    frame: (action) => void due.push(action),
  });
  const frame = (): void => {
    const now = due;
    due = [];
    for (const action of now) action();
  };
  return {
    results,
    frame,
    panel: (): PanelState => results.store.getState().panels['explore'] ?? IDLE_PANEL,
    entry: entryOf(results),
  };
}
const entryOf =
  (results: Results) =>
  (spec = one) =>
    results.store.getState().entries[hashOf(spec)];

describe('recorded and live', () => {
  const tensor = wireTensor(new Float32Array([1, NaN, 0.1]), [3], ['pos']);
  const file = { specHash: hashOf(one), provenance: provenance(one), result: plainResult({ values: tensor }) };
  const path = `examples/${hashOf(one)}.json`;

  it('shows the recorded result with its arrays, then the live one, which says so', async () => {
    const engine = new FakeEngine({ recordings: [{ spec: one, events: [resultOf(one, { live: true })] }] });
    const { results, panel, entry } = harness(engine, { [path]: file });
    expect(await results.showRecorded('explore', hashOf(one))).toBe(true);
    expect(entry()?.source).toBe('recorded');
    const { values } = entry()!.result as { values: WireTensor };
    expect([...tensorData(values)]).toEqual([1, NaN, Math.fround(0.1)]);
    expect(panel().shown).toBe(hashOf(one));
    await results.run(asked());
    expect(entry()).toMatchObject({ source: 'live', result: { live: true } });
  });

  it('works while stored files are read; what they say gives way to a live result, also to one that came before', async () => {
    const engine = new FakeEngine({ recordings: [{ spec: one, events: [resultOf(one, { live: true })] }] });
    const { results, panel, entry } = harness(engine);
    const stored = { result: { stored: true }, source: 'recorded' as const, provenance: provenance(one) };
    let found: (entry: ResultEntry) => void = () => undefined;
    const shown = results.showStored('explore', hashOf(one), new Promise((resolve) => (found = resolve)));
    expect(panel().active).toBe(1);
    found(stored);
    await shown;
    expect(panel()).toMatchObject({ active: 0, shown: hashOf(one) });
    expect(entry()).toEqual(stored);
    await results.run(asked());
    expect(entry()?.source).toBe('live');
    await results.showStored('explore', hashOf(one), Promise.resolve(stored));
    expect(entry()?.source).toBe('live');
    await results.showStored('explore', hashOf(two), Promise.resolve(null));
    expect(entry(two)).toBeUndefined();
    expect(panel()).toMatchObject({ active: 0, shown: hashOf(one) });
  });

  it('a recording that arrives after the live result does not replace it', async () => {
    const engine = new FakeEngine({ recordings: [{ spec: one, events: [resultOf(one, 'live')] }] });
    const { results, entry } = harness(engine, { [path]: file });
    const late = results.showRecorded('explore', hashOf(one));
    await results.run(asked());
    await late;
    expect(entry()?.source).toBe('live');
  });

  it('refuses a file that is of another experiment or is no recording', async () => {
    for (const bad of [{ ...file, specHash: 'other' }, { hello: 1 }, 'text', null]) {
      const { results, entry } = harness(new FakeEngine({ recordings: [] }), { [path]: bad });
      expect(await results.showRecorded('explore', hashOf(one))).toBe(false);
      expect(entry()).toBeUndefined();
    }
  });
});

describe('runs', () => {
  it('writes what streams in once per frame, in order, and clears it with the result', async () => {
    const events = [chunk(0, 'a'), chunk(1, 'b'), chunk(2, 'c'), resultOf(one, 'abc')];
    const { engine, step } = steppedEngine([{ spec: one, events }]);
    const { results, frame, panel, entry } = harness(engine);
    let writes = 0;
    results.store.subscribe(() => writes++);
    const run = results.run(asked());
    await step();
    await step();
    const before = writes;
    frame();
    expect(writes).toBe(before + 1);
    expect(panel()).toMatchObject({ chunks: ['a', 'b'], streaming: hashOf(one), active: 1 });
    await step();
    frame();
    expect(panel().chunks).toEqual(['a', 'b', 'c']);
    await step();
    await run;
    frame();
    expect(panel()).toMatchObject({ chunks: [], streaming: null, active: 0, shown: hashOf(one) });
    expect(entry()?.result).toBe('abc');
  });

  it('the last result stays on screen while another experiment works: stale', async () => {
    const { engine, step } = steppedEngine([
      { spec: one, events: [resultOf(one, 1)] },
      { spec: two, events: [resultOf(two, 2)] },
    ]);
    const { results, panel, entry } = harness(engine);
    const first = results.run(asked());
    await step();
    await first;
    const second = results.run(asked(two));
    await settle();
    expect(panel()).toMatchObject({ shown: hashOf(one), active: 1 });
    expect(entry(two)).toBeUndefined();
    await step();
    await second;
    expect(panel()).toMatchObject({ shown: hashOf(two), active: 0 });
  });

  it('asking again ends what the panel still ran, without an error', async () => {
    const { engine, step } = steppedEngine([
      { spec: one, events: [chunk(0, 'x'), resultOf(one, 1)] },
      { spec: two, events: [resultOf(two, 2)] },
    ]);
    const { results, panel, entry } = harness(engine);
    const first = results.run(asked());
    await settle();
    const second = results.run(asked(two));
    await step();
    await step();
    await Promise.all([first, second]);
    expect(entry(one)).toBeUndefined();
    expect(entry(two)?.result).toBe(2);
    expect(panel()).toMatchObject({ failure: null, active: 0 });
  });

  it('stop ends the run and is no error', async () => {
    const { engine, step } = steppedEngine([{ spec: one, events: [chunk(0, 'x'), resultOf(one, 1)] }]);
    const { results, panel } = harness(engine);
    const run = results.run(asked());
    await settle();
    results.stop('explore');
    await step();
    await run;
    expect(panel()).toMatchObject({ active: 0, failure: null, shown: null });
  });

  it('keeps the last result beside an error, and the next run clears the error', async () => {
    const failed = toWireError(new VitrineError('prompt-empty', 'the first prompt has no tokens'));
    const engine = new FakeEngine({
      recordings: [
        { spec: one, events: [resultOf(one, 1)] },
        { spec: two, events: [{ type: 'failed', id: 'x', error: failed }] },
      ],
    });
    const { results, panel, entry } = harness(engine);
    await results.run(asked());
    await results.run(asked(two));
    expect(panel()).toMatchObject({ shown: hashOf(one), failure: { hash: hashOf(two), error: { code: 'prompt-empty' } } });
    expect(entry()?.result).toBe(1);
    await results.run(asked());
    expect(panel().failure).toBeNull();
  });
});

describe('an engine that dies', () => {
  /** Fails so many times, then answers. */
  function dying(times: number, after: 'ready' | 'failed'): FakeEngine {
    const engine = new FakeEngine({ recordings: [{ spec: one, events: [resultOf(one, 'back')] }] });
    const answer = engine.run.bind(engine);
    engine.run = (spec, options) => {
      if (times-- <= 0) return answer(spec, options);
      engine.show({ status: { state: 'recovering', reason: 'lost', info: null } });
      setTimeout(() => {
        if (after === 'ready') engine.start();
        else engine.show({ status: { state: 'failed', error: toWireError(new VitrineError('device-lost', 'for good')) } });
      });
      return Promise.reject(new VitrineError('device-lost', 'lost'));
    };
    return engine;
  }

  it('what was running runs again once it is back', async () => {
    const { results, panel, entry } = harness(dying(1, 'ready'));
    await results.run(asked());
    expect(entry()?.result).toBe('back');
    expect(panel().failure).toBeNull();
  });

  it('does not try for ever', async () => {
    const { results, panel } = harness(dying(2, 'ready'));
    await results.run(asked());
    expect(panel().failure?.error.code).toBe('device-lost');
  });

  it('says the first error where it does not come back', async () => {
    const { results, panel } = harness(dying(1, 'failed'));
    await results.run(asked());
    expect(panel().failure?.error).toMatchObject({ code: 'device-lost', message: 'lost', retryable: true });
  });
});
