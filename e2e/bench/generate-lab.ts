import * as v from 'valibot';
import { VitrineError } from '../../core/protocol/errors.ts';
import type { LabDefinition } from '../../core/spec/index.ts';
import type { LabModule } from '../../workers/runtime/environment.ts';

/** Greedy generation with the key/value cache: what `bench` measures tokens per second with. Not a lab of the page. */
const lab: LabDefinition = {
  id: 'bench-generate',
  version: 1,
  title: 'Generation',
  question: 'How many tokens per second?',
  needs: {},
  params: v.strictObject({}),
  view: v.strictObject({}),
  defaults: { v: 1, lab: 'bench-generate', labV: 1, model: 'primer', prompts: [{ text: 'Monday,' }], params: {} },
};

export interface Generated {
  readonly tokens: readonly number[];
  /** From the first call to the last token, prompt included. */
  readonly milliseconds: number;
}

async function* run(...[spec, ctx]: Parameters<LabModule['run']>): AsyncGenerator<unknown, Generated> {
  const [prompt] = spec.prompts;
  if (!prompt || !('tokens' in prompt)) throw new VitrineError('prompt-empty', 'the benchmark gives token ids');
  yield null;
  const tokens: number[] = [];
  const began = performance.now();
  const steps = ctx.model.generate(prompt.tokens, {
    maxNewTokens: spec.sampling?.maxNewTokens ?? 32,
    sampling: { temperature: 0, topP: 1, repetitionPenalty: 1, seed: 0 },
    checkpoint: () => ctx.checkpoint(),
  });
  for await (const { token } of steps) tokens.push(token);
  return { tokens, milliseconds: performance.now() - began };
}

export const generateLab: LabModule = { lab, run };
