import * as v from 'valibot';
import { pieces } from '../../core/pieces.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import type { LabDefinition } from '../../core/spec/index.ts';
import type { LabModule } from '../../workers/runtime/environment.ts';

export interface LogitsParams {
  /** Ascending. */
  readonly positions: readonly number[];
  /** Tokens whose logits are asked for. */
  readonly columns: readonly number[];
  /** How many of the most probable tokens. */
  readonly top: number;
}

/** One of each position that was asked for. */
export type LogitsResult = readonly {
  readonly columns: readonly number[];
  readonly top: { readonly ids: readonly number[]; readonly logits: readonly number[] };
}[];

const ids = v.array(v.pipe(v.number(), v.safeInteger(), v.minValue(0)));
const lab: LabDefinition<LogitsParams> = {
  id: 'check-logits',
  version: 1,
  title: 'Logits',
  question: 'Are these logits those of the reference?',
  needs: {},
  params: v.strictObject({
    positions: v.optional(ids, [0]),
    columns: v.optional(ids, [0]),
    top: v.optional(v.number(), 1),
  }),
  view: v.strictObject({}),
  defaults: {
    v: 1,
    lab: 'check-logits',
    labV: 1,
    model: 'primer',
    prompts: [{ tokens: [0] }],
    params: {},
  },
};

/** Some logits at some positions, computed together with those around them as `explore` does. Not a lab of the page. */
async function* run(...[spec, ctx]: Parameters<LabModule['run']>): AsyncGenerator<unknown, LogitsResult> {
  const { model, tf } = ctx;
  const [prompt] = spec.prompts;
  if (!prompt || !('tokens' in prompt)) throw new VitrineError('prompt-empty', 'a check gives token ids');
  const { positions, columns, top } = spec.params as unknown as LogitsParams;
  yield null;
  const output = await model.runWithHooks([prompt.tokens], { logits: 'pieces', checkpoint: () => ctx.checkpoint() });
  const found: LogitsResult[number][] = [];
  for (const [from, to] of pieces(prompt.tokens.length, model.logitRows)) {
    const inside = positions.filter((p) => p >= from && p < to).map((p) => p - from);
    if (inside.length === 0) continue;
    await ctx.checkpoint();
    const rows = tf.tidy(() => tf.gather(output.logitsOf(from, to), tf.tensor1d(inside, 'int32')));
    const best = await ctx.reduce.topLogits(rows, top);
    const some = tf.tidy(() => tf.gather(rows, tf.tensor1d([...columns], 'int32'), 1));
    const [values = new Float32Array(0)] = await ctx.read([some]);
    tf.dispose([rows, some]);
    for (const i of inside.keys())
      found.push({
        columns: [...values.subarray(i * columns.length, (i + 1) * columns.length)],
        top: {
          ids: [...best.ids.subarray(i * top, (i + 1) * top)],
          logits: [...best.logits.subarray(i * top, (i + 1) * top)],
        },
      });
  }
  output.dispose();
  return found;
}

export const logitsLab: LabModule = { lab, run };
