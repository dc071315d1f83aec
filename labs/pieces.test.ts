import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ExperimentSpec } from '../core/spec/index.ts';
import { plainResult } from '../core/protocol/wire-tensor.ts';
import { differences } from '../scripts/lib/compare.ts';
import type { OpenEngine } from '../scripts/lib/open-engine.ts';
import { openNodeEngine } from '../scripts/node-engine/index.ts';
import { labModule } from '../scripts/node-engine/labs.ts';
import type { RunContext, Tensor } from '../workers/api.ts';
import { TOLERANCE } from '../workers/testing/tolerances.ts';
import { lab as activations } from './activations/spec.ts';
import { lab as explore } from './explore/spec.ts';
import { lab as steering } from './steering/spec.ts';

const ROWS = 3;
/** Most rows of logits that a lab had at once. */
let largest = 0;

/** An engine whose labs may hold only few rows of logits at once, as with a vocabulary of 262,144 tokens. */
function narrow(ctx: RunContext): RunContext {
  const seen = (logits: Tensor): Tensor => {
    if (logits.shape.at(-1) === ctx.model.config.dVocab) largest = Math.max(largest, logits.size / ctx.model.config.dVocab);
    return logits;
  };
  const { reduce, model } = ctx;
  return {
    ...ctx,
    read: (tensors) => ctx.read(tensors.map(seen)),
    reduce: {
      topLogits: (logits, k) => reduce.topLogits(seen(logits), k),
      tokenLogits: (logits, ids) => reduce.tokenLogits(seen(logits), ids),
    },
    model: {
      ...model,
      logitRows: ROWS,
      unembed: (residual) => seen(model.unembed(residual)),
      async runWithHooks(rows, options) {
        const output = await model.runWithHooks(rows, options);
        return { ...output, logitsOf: (from, to, row) => seen(output.logitsOf(from, to, row)) };
      },
    },
  };
}

let narrowed = false;
let open: OpenEngine;
beforeAll(async () => {
  open = await openNodeEngine({
    backend: 'wasm',
    labs: async (id) => {
      const module = await labModule(id);
      return module && { ...module, run: (spec, ctx) => module.run(spec, narrowed ? narrow(ctx) : ctx) };
    },
  });
});
afterAll(() => open.close());

it.each<[string, ExperimentSpec]>([
  ['explore', explore.defaults],
  ['activations', { ...activations.defaults, params: { hooks: ['blocks.3.hook_resid_post'], logits: true } }],
  ['steering', { ...steering.defaults, sampling: { seed: 7, temperature: 0, maxNewTokens: 8 } }],
])('%s holds no more rows of logits at once than it may, and gives the same numbers', async (_, spec) => {
  narrowed = true;
  largest = 0;
  const few = await open.engine.run(spec);
  expect(largest).toBe(ROWS);
  narrowed = false;
  const all = await open.engine.run(spec);
  const tolerance = { relative: TOLERANCE.reordering, absolute: 1e-6 };
  expect(differences(plainResult(few.payload), plainResult(all.payload), tolerance)).toEqual([]);
});
