import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackendName } from '../../core/model-config.ts';
import { folderSource } from '../../scripts/node-engine/file-source.ts';
import type { HookedModel } from '../api.ts';
import { readMany } from '../kernels/index.ts';
import { readGolden, top, type Golden } from '../testing/goldens.ts';
import { describeBackends } from '../testing/node-backends.ts';
import { MODELS_HERE, MODELS_SITE } from '../testing/packaged-models.ts';
import { bundleFiles } from '../weights/bundle-files.ts';
import { openBundle } from '../weights/catalogue.ts';
import { loadModel } from '../weights/load.ts';

/** Written by training/goldens/real_models.py. */
interface Meta {
  readonly sha256: string;
  readonly prompts: readonly (readonly number[])[];
  /** Ids whose logits are stored. */
  readonly columns: readonly number[];
  readonly top: readonly {
    readonly positions: readonly number[];
    /** Of each position the eleven most probable ones, so that the tenth can be told from the next. */
    readonly ids: readonly (readonly number[])[];
    readonly logits: readonly (readonly number[])[];
  }[];
  readonly greedy: readonly { readonly prompt: number; readonly tokens: readonly number[]; readonly leastMargin: number }[];
}

/**
 * Logits, absolute. transformers rounds the dequantized weights as we do; what is left is the order of float32 sums through
 * 18 or 30 blocks, on logits of a size of 20 to 40; measured on WASM: 1.2e-4.
 */
const TOLERANCE = 5e-4;
/** Logits of all positions are read where they take no more than this. */
const ALL_BYTES = 64 * 2 ** 20;

/** WebGPU is emulated on most machines that run this, and takes an hour; MODELS_BACKENDS=webgpu asks for it. */
const BACKENDS = (process.env['MODELS_BACKENDS'] ?? 'wasm').split(',') as BackendName[];
/** Of the prompts, the first so many; for slow machines. */
const PROMPTS = Number(process.env['MODELS_PROMPTS'] ?? 100);

for (const id of MODELS_HERE) describe(id, () => describeBackends(id, (backend) => check(id, backend), BACKENDS));

it('finds models to check: npm run model:add puts them there', () => {
  expect(MODELS_HERE.length).toBeGreaterThan(0);
});

function check(id: string, backend: BackendName): void {
  let golden: Golden<Meta>;
  let model: HookedModel;
  beforeAll(async () => {
    golden = readGolden<Meta>(`real-${id}`);
    const source = folderSource(MODELS_SITE);
    const bundle = await openBundle(source, id);
    const begun = performance.now();
    const seen: number[] = [];
    model = await loadModel(await bundleFiles(source, bundle), 'gguf', () => Promise.reject(new Error('there are none')), {
      onBytes: (done) => seen.push(done),
    });
    const { bytes } = bundle.manifest.files[0]!;
    process.stderr.write(
      `${id} on ${backend}: loaded in ${Math.round(performance.now() - begun)} ms, ${(model.bytes / bytes).toFixed(2)} of its file in memory\n`,
    );
    expect(model.digest).toBe(golden.meta.sha256);
    expect(seen.at(-1)).toBe(bytes);
    expect(seen.every((done, i) => i === 0 || done >= seen[i - 1]!)).toBe(true);
    expect(new Set(seen).size).toBeGreaterThan(100);
  });
  afterAll(() => model?.dispose());

  it('logits and the ten most probable next tokens are those of transformers', async () => {
    const { prompts, columns, top: reference } = golden.meta;
    let [worst, compared, swapped] = [0, 0, 0];
    for (const [i, prompt] of prompts.slice(0, PROMPTS).entries()) {
      const all = prompt.length * model.config.dVocab * 4 <= ALL_BYTES;
      const run = await model.runWithHooks([prompt], { logits: all ? 'all' : 'last' });
      const [logits] = await readMany([run.logits!]);
      run.dispose();
      const stored = golden.values(`logits.${i}`);
      const { positions, ids, logits: values } = reference[i]!;
      for (const [at, position] of positions.entries()) {
        if (!all && position !== prompt.length - 1) continue;
        const from = all ? position * model.config.dVocab : 0;
        const row = logits!.subarray(from, from + model.config.dVocab) as Float32Array;
        for (const [c, column] of columns.entries())
          worst = Math.max(worst, Math.abs(row[column]! - stored[at * columns.length + c]!));
        for (const [rank, token] of ids[at]!.entries()) worst = Math.max(worst, Math.abs(row[token]! - values[at]![rank]!));
        // The same ten; where the order differs, the reference itself hardly tells them apart.
        const [own, want, sizes] = [top(row, 10), ids[at]!, values[at]!];
        for (const [rank, token] of own.entries()) {
          if (token === want[rank]) continue;
          swapped++;
          const place = want.indexOf(token);
          expect(place, `prompt ${i}, position ${position}: ${token}`).toBeGreaterThanOrEqual(0);
          expect(Math.abs(sizes[place]! - sizes[rank]!), `prompt ${i}, rank ${rank + 1}`).toBeLessThan(2 * TOLERANCE);
        }
        compared++;
      }
    }
    process.stderr.write(
      `${id} on ${backend}: ${compared} positions, max |Δ logit| ${worst.toExponential(2)}, ${swapped} of ${10 * compared} ranks swapped\n`,
    );
    expect(worst).toBeLessThan(TOLERANCE);
  });

  it('greedy continuations of 64 tokens are those of transformers', async () => {
    const sampling = { temperature: 0, topP: 1, repetitionPenalty: 1, seed: 0 };
    for (const { prompt, tokens, leastMargin } of golden.meta.greedy.slice(0, PROMPTS)) {
      const found: number[] = [];
      for await (const step of model.generate(golden.meta.prompts[prompt]!, {
        maxNewTokens: tokens.length,
        sampling,
        stopTokens: [],
      }))
        found.push(step.token);
      // A tie within rounding may go either way; none of the golden prompts has one.
      expect(leastMargin).toBeGreaterThan(2 * TOLERANCE);
      expect(found).toEqual(tokens);
    }
  });
}
