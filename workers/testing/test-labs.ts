import * as v from 'valibot';
import { hookName } from '../../core/hooks.ts';
import { allPromptIds } from '../../core/prompt-ids.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import { wireTensor } from '../../core/protocol/wire-tensor.ts';
import type { ExperimentSpec, LabDefinition } from '../../core/spec/index.ts';
import type { RunContext } from '../api.ts';
import type { LabModule } from '../runtime/host.ts';
import { TINY } from './tiny-bundle.ts';

export const specOf = (lab: string, change: Record<string, unknown> = {}): unknown => ({
  v: 1,
  lab,
  labV: 1,
  model: 'tiny',
  prompts: [{ text: 'hello world' }],
  params: {},
  ...change,
});

function define(id: string): LabDefinition {
  const none = v.strictObject({});
  return {
    id,
    version: 1,
    title: id,
    question: id,
    needs: {},
    params: none,
    view: none,
    defaults: specOf(id) as ExperimentSpec,
  };
}

const tokensOf = (spec: ExperimentSpec, { model }: RunContext): Promise<number[][]> =>
  allPromptIds(model.tokenizer, spec.prompts);

/** Logits of the last token and the SAE's features; forgets every tensor that it makes. */
async function* numbers(spec: ExperimentSpec, ctx: RunContext): AsyncGenerator<unknown, unknown> {
  const rows = await tokensOf(spec, ctx);
  const hook = hookName('resid_post', 1);
  const plan = { interventions: spec.interventions ?? [], prompts: rows };
  const output = await ctx.model.runWithHooks(rows.slice(0, 1), { capture: [hook], logits: 'last', plan });
  const [logits] = await ctx.read([output.logits!]);
  const tensor = wireTensor(logits!, [TINY.dVocab], ['d_vocab']);
  yield { part: 'logits', logits: tensor };
  const sae = await ctx.sae(TINY.hook);
  const x = ctx.tf.reshape(output.cache.get(hook)!, [-1, TINY.dModel]);
  ctx.tf.keep(ctx.tf.clone(x)).dispose();
  const sparse = await sae.encodeSparse(x);
  ctx.tf.add(x, 1);
  return { logits: tensor, features: sparse.indices.map((row) => row.length) };
}

/** Runs the model for ever, one checkpoint after the other. */
async function* endless(spec: ExperimentSpec, ctx: RunContext): AsyncGenerator<unknown, unknown> {
  const rows = await tokensOf(spec, ctx);
  for (let i = 0; ; i++) {
    await ctx.model.runWithHooks(rows, { capture: [hookName('resid_post', 0)], checkpoint: () => ctx.checkpoint() });
    ctx.progress('rounds', i, 100, 'rounds');
    if (i === 0) yield { part: 'started' };
    await ctx.checkpoint();
  }
}

/** Waits for something that does not come, as a read on a device that was lost. */
async function* stuck(_spec: ExperimentSpec, ctx: RunContext): AsyncGenerator<unknown, unknown> {
  ctx.tf.zeros([3]);
  yield { part: 'started' };
  await new Promise(() => {});
  return null;
}

async function* failing(): AsyncGenerator<unknown, unknown> {
  yield { part: 'started' };
  throw new VitrineError('unknown-hook', 'no such hook');
}

async function* quick(spec: ExperimentSpec): AsyncGenerator<unknown, unknown> {
  yield { part: 'started' };
  return { echo: spec.prompts.length };
}

/** A function cannot be cloned. */
async function* unclonable(): AsyncGenerator<unknown, unknown> {
  yield { part: 'started' };
  return { f: () => 1 };
}

const RUNS: Readonly<Record<string, LabModule['run']>> = { numbers, endless, stuck, failing, quick, unclonable };

export function testLabs(id: string): Promise<LabModule | null> {
  const run = RUNS[id];
  return Promise.resolve(run ? { lab: define(id), run } : null);
}
