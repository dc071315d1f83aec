import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackendName } from '../../core/model-config.ts';
import type { ExperimentSpec, SamplingSpec } from '../../core/spec/index.ts';
import type { Generated } from '../../e2e/bench/generate-lab.ts';
import type { LogitsParams, LogitsResult } from '../../e2e/bench/logits-lab.ts';
import { ready } from '../../scripts/bench/measure.ts';
import { openOwnLabs } from '../../scripts/bench/own-labs.ts';
import type { OpenEngine, Place } from '../../scripts/lib/open-engine.ts';
import { readGolden, type Golden } from '../testing/golden-files.ts';
import { fileBytes, LOGIT_TOLERANCE, MODELS_HERE, MODELS_SITE, type RealGolden } from '../testing/packaged-models.ts';

/** What a loaded model may hold on the device, in sizes of its file. */
const MEMORY: Readonly<Record<string, Partial<Record<BackendName, number>>>> = {
  'smollm2-135m': { webgpu: 1.3, wasm: 2 },
  'gemma-3-270m': { webgpu: 1.3, wasm: 2 },
};
const FIRST_TOKEN_SECONDS = 60;

/** `<place>/<backend>`: the engine in Node, and the page's worker in Chromium. */
const PLACES = (process.env['MODELS_PLACES'] ?? 'node/wasm,chromium/wasm,chromium/webgpu').split(',');
/** Of the prompts, the first so many. */
const ASKED = Number(process.env['MODELS_PROMPTS'] ?? NaN);
/** On an emulated graphics card, which takes a minute for what a real one does in milliseconds, unless MODELS_PROMPTS asks for more. */
const EMULATED = { prompts: 2, greedy: 1, tokens: 8 };

for (const id of MODELS_HERE)
  for (const place of PLACES) describe(`${id} in ${place}`, () => check(id, ...(place.split('/') as [Place, BackendName])));

it('finds models to check: npm run model:add puts them there', () => {
  expect(MODELS_HERE.length).toBeGreaterThan(0);
});

function check(id: string, place: Place, backend: BackendName): void {
  let golden: Golden<RealGolden>;
  let open: OpenEngine;
  let emulated = false;
  let part = { prompts: ASKED || Infinity, greedy: ASKED || Infinity, tokens: Infinity };
  const say = (text: string): void => void process.stderr.write(`${id} in ${place}/${backend}: ${text}\n`);
  const run = async (lab: string, tokens: readonly number[], rest: Partial<ExperimentSpec> = {}): Promise<unknown> => {
    const spec = { v: 1, lab, labV: 1, model: id, prompts: [{ tokens }], params: {}, ...rest } as ExperimentSpec;
    return (await open.engine.run(spec, { fresh: true })).payload;
  };
  const logits = (tokens: readonly number[], params: LogitsParams): Promise<LogitsResult> =>
    run('check-logits', tokens, { params: { ...params } }) as Promise<LogitsResult>;
  const generate = async (tokens: readonly number[], maxNewTokens: number): Promise<readonly number[]> => {
    const sampling: SamplingSpec = { seed: 0, maxNewTokens };
    return ((await run('bench-generate', tokens, { sampling })) as Generated).tokens;
  };

  beforeAll(async () => {
    golden = readGolden<RealGolden>(`real-${id}`);
    open = await openOwnLabs(place, backend, MODELS_SITE);
    emulated = (await ready(open.engine)).software;
    if (emulated && Number.isNaN(ASKED)) part = EMULATED;
  });
  afterAll(() => open?.close());

  it('loads from this disk, with progress that moves, and holds about its file', async () => {
    const file = fileBytes(id);
    const seen: number[] = [];
    const begun = performance.now();
    const loaded = await open.engine.load(id, {
      onProgress: ({ done, total, unit }) => {
        expect([total, unit]).toEqual([file, 'bytes']);
        seen.push(done);
      },
    });
    const seconds = (performance.now() - begun) / 1e3;
    await generate(golden.meta.prompts[0]!, 1);
    const first = (performance.now() - begun) / 1e3;
    const held = (open.engine.snapshot().memory?.deviceBytes ?? NaN) / file;
    say(
      `loaded in ${seconds.toFixed(1)} s, first token after ${first.toFixed(1)} s; weights ${(loaded.bytes / file).toFixed(2)}, all of the device’s memory ${held.toFixed(2)} of the file`,
    );
    expect(loaded.digest).toBe(golden.meta.sha256);
    expect(seen.at(-1)).toBe(file);
    expect(seen.every((done, i) => i === 0 || done >= seen[i - 1]!)).toBe(true);
    expect(new Set(seen).size).toBeGreaterThan(100);
    expect(held).toBeGreaterThan(0.9);
    expect(held).toBeLessThan(MEMORY[id]?.[backend] ?? NaN);
    // What an emulated graphics card takes says nothing.
    if (!emulated) expect(first).toBeLessThan(FIRST_TOKEN_SECONDS);
  });

  it('logits and the ten most probable next tokens are those of transformers', async () => {
    const { prompts, columns, top: reference } = golden.meta;
    let [worst, compared, swapped] = [0, 0, 0];
    for (const [i, prompt] of prompts.slice(0, part.prompts).entries()) {
      const stored = golden.values(`logits.${i}`);
      const { positions, ids, logits: values } = reference[i]!;
      const found = await logits(prompt, { positions, columns, top: ids[0]!.length });
      expect(found).toHaveLength(positions.length);
      for (const [at, row] of found.entries()) {
        const where = `prompt ${i}, position ${positions[at]!}`;
        expect(row.columns).toHaveLength(columns.length);
        for (const [c, logit] of row.columns.entries())
          worst = Math.max(worst, Math.abs(logit - stored[at * columns.length + c]!));
        // The same ten; where the order differs, the reference itself hardly tells them apart.
        const [want, sizes] = [ids[at]!, values[at]!];
        for (const [rank, token] of row.top.ids.slice(0, 10).entries()) {
          const place = want.indexOf(token);
          expect(place, `${where}: ${token}`).toBeGreaterThanOrEqual(0);
          worst = Math.max(worst, Math.abs(row.top.logits[rank]! - sizes[place]!));
          if (place === rank) continue;
          swapped++;
          expect(Math.abs(sizes[place]! - sizes[rank]!), `${where}, rank ${rank + 1}`).toBeLessThan(2 * LOGIT_TOLERANCE);
        }
        compared++;
      }
    }
    say(
      `${Math.min(part.prompts, prompts.length)} prompts, ${compared} positions, max |Δ logit| ${worst.toExponential(2)}, ${swapped} of ${10 * compared} ranks swapped`,
    );
    expect(compared).toBeGreaterThan(0);
    expect(worst).toBeLessThan(LOGIT_TOLERANCE);
  });

  it('greedy continuations are those of transformers', async () => {
    const continuations = golden.meta.greedy.slice(0, part.greedy);
    let equal = 0;
    for (const { prompt, tokens, leastMargin } of continuations) {
      // A tie within rounding may go either way; none of the golden prompts has one.
      expect(leastMargin).toBeGreaterThan(LOGIT_TOLERANCE);
      const wanted = tokens.slice(0, part.tokens);
      expect(await generate(golden.meta.prompts[prompt]!, wanted.length), `prompt ${prompt}`).toEqual(wanted);
      equal += wanted.length;
    }
    say(`${continuations.length} greedy continuations, ${equal} tokens, all equal`);
    expect(equal).toBeGreaterThan(0);
  });
}
