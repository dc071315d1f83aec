import type { Intervention } from '../../../core/interventions.ts';
import type { GeneratedToken, RunContext } from '../../../workers/api.ts';
import type { Ending, Side, Written, WrittenToken } from '../../../core/written.ts';
import type { SteeringChunk } from '../result.ts';

export interface Sampling {
  readonly seed: number;
  readonly temperature: number;
  readonly topP: number;
  readonly topK?: number;
  readonly repetitionPenalty: number;
  readonly maxNewTokens: number;
  /** Tokens that end a text: the model's EOS, and in a chat what closes its turn. */
  readonly stops: readonly number[];
}

/** Alternatives that ride along with each token. */
const TOP = 5;

/** A text that is being written. */
class Pen {
  readonly tokens: WrittenToken[] = [];
  ending: Ending | null = null;
  readonly #ctx: RunContext;
  readonly #steps: AsyncGenerator<GeneratedToken>;
  readonly #max: number;
  readonly #stops: readonly number[];

  constructor(ctx: RunContext, prompt: readonly number[], sampling: Sampling, interventions: readonly Intervention[]) {
    this.#ctx = ctx;
    this.#max = sampling.maxNewTokens;
    this.#stops = sampling.stops;
    this.#steps = ctx.model.generate(prompt, {
      maxNewTokens: sampling.maxNewTokens,
      sampling,
      plan: { interventions },
      topLogits: TOP,
      stopTokens: sampling.stops,
      checkpoint: () => ctx.checkpoint(),
    });
  }

  /** The next token; null where the text has ended. */
  async next(): Promise<WrittenToken | null> {
    if (this.ending !== null) return null;
    const step = await this.#steps.next();
    const { tokenizer } = this.#ctx.model;
    const last = this.tokens[this.tokens.length - 1];
    if (step.done === true) {
      const stopped = last !== undefined && this.#stops.includes(last.token.id);
      this.ending = stopped ? 'stop' : this.tokens.length < this.#max ? 'context' : 'length';
      return null;
    }
    const { token, logProb, top } = step.value;
    const written: WrittenToken = {
      token: tokenizer.token(token),
      logProb,
      top: top.map((t) => ({ token: tokenizer.token(t.token), logit: t.logit, logProb: t.logProb })),
    };
    this.tokens.push(written);
    return written;
  }

  close(): Promise<unknown> {
    return this.#steps.return(undefined);
  }
}

/**
 * Writes both texts, a token of each in turn, with the same seed: the k-th token of either is drawn with the same random number.
 * @param known the default text, where an earlier run wrote it
 */
export async function* writeBoth(
  ctx: RunContext,
  prompts: Readonly<Record<Side, readonly number[]>>,
  sampling: Sampling,
  interventions: readonly Intervention[],
  known: Written | null,
): AsyncGenerator<SteeringChunk, Readonly<Record<Side, Written>>> {
  const pens = {
    ...(known ? {} : { default: new Pen(ctx, prompts.default, sampling, []) }),
    steered: new Pen(ctx, prompts.steered, sampling, interventions),
  } as { readonly default?: Pen; readonly steered: Pen };
  try {
    if (known) {
      yield { part: 'token', side: 'default', tokens: known.tokens };
      yield { part: 'written', side: 'default', ending: known.ending };
    }
    const open: readonly (readonly [Side, Pen])[] = [
      ...(pens.default ? [['default', pens.default] as const] : []),
      ['steered', pens.steered],
    ];
    while (open.some(([, pen]) => pen.ending === null)) {
      for (const [side, pen] of open) {
        if (pen.ending !== null) continue;
        const token = await pen.next();
        if (token) yield { part: 'token', side, tokens: [token] };
        else if (pen.ending !== null) yield { part: 'written', side, ending: pen.ending };
      }
      ctx.progress('writing', pens.steered.tokens.length, sampling.maxNewTokens, 'tokens');
    }
    const done = (pen: Pen): Written => ({ tokens: pen.tokens, ending: pen.ending ?? 'length' });
    return { default: known ?? done(pens.default ?? pens.steered), steered: done(pens.steered) };
  } finally {
    await pens.default?.close();
    await pens.steered.close();
  }
}

/** One text, without its alternatives. */
export async function writeOne(
  ctx: RunContext,
  prompt: readonly number[],
  sampling: Sampling,
  interventions: readonly Intervention[],
): Promise<readonly number[]> {
  const pen = new Pen(ctx, prompt, sampling, interventions);
  try {
    while ((await pen.next()) !== null) await ctx.checkpoint();
    return idsOf(pen);
  } finally {
    await pen.close();
  }
}

export const idsOf = ({ tokens }: Pick<Written, 'tokens'>): number[] => tokens.map(({ token }) => token.id);
