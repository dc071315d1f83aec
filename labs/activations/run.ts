import { hookAxes, matchHooks, parseHook, type HookName } from '../../core/hooks.ts';
import { pieces } from '../../core/pieces.ts';
import { allPromptIds } from '../../core/prompt-ids.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import { tensorData, wireTensor, type WireTensor } from '../../core/protocol/wire-tensor.ts';
import type { ExperimentSpec } from '../../core/spec/index.ts';
import { histogram, summarize } from '../../core/stats/index.ts';
import type { RunContext } from '../../workers/api.ts';
import type { ActivationEntry, ActivationsChunk, ActivationsResult } from './result.ts';
import type { ActivationsParams } from './spec.ts';

type Spec = ExperimentSpec & { readonly params: ActivationsParams };

const BINS = 40;
/** Numbers that one result may hold: 64 Mi floats are 256 MB, which a tab still survives. */
const MAX_NUMBERS = 64 * 2 ** 20;

/** Every asked hook on every prompt, one prompt after the other, so that padding never enters a number. */
export async function* run(spec: Spec, ctx: RunContext): AsyncGenerator<ActivationsChunk, ActivationsResult> {
  const { model } = ctx;
  const ids = await allPromptIds(model.tokenizer, spec.prompts);
  if (ids.length === 0 || ids.some((row) => row.length === 0)) throw new VitrineError('prompt-empty', 'a prompt has no tokens');
  const hooks = resolveHooks(spec.params.hooks, ctx);
  const prompts = ids.map((row) => row.map((id) => model.tokenizer.token(id)));
  yield { part: 'tokens', prompts };

  const entries: ActivationEntry[] = [];
  const logits: WireTensor[] = [];
  let numbers = 0;
  for (const [prompt, row] of ids.entries()) {
    await ctx.checkpoint();
    ctx.progress('prompts', prompt, ids.length, 'prompts');
    const output = await model.runWithHooks([row], {
      capture: hooks,
      logits: spec.params.logits ? 'pieces' : 'none',
      plan: { interventions: spec.interventions ?? [], prompts: ids },
      checkpoint: () => ctx.checkpoint(),
    });
    for (const hook of hooks) {
      const tensor = output.cache.get(hook);
      const address = parseHook(hook);
      if (!tensor || !address) throw new VitrineError('internal', `${hook} was not captured`);
      numbers = counted(numbers + tensor.size);
      const data = Float32Array.from((await ctx.read([tensor]))[0] ?? []);
      if (address.site === 'attn_scores') hideMasked(data);
      const entry = describe(hook, prompt, wireTensor(data, tensor.shape.slice(1), hookAxes(address.site).slice(1)));
      entries.push(entry);
      yield { part: 'entry', entry };
      await ctx.checkpoint();
    }
    if (spec.params.logits) {
      const { dVocab } = model.config;
      numbers = counted(numbers + row.length * dVocab);
      const data = new Float32Array(row.length * dVocab);
      for (const [from, to] of pieces(row.length, model.logitRows)) {
        const piece = output.logitsOf(from, to);
        data.set((await ctx.read([piece]))[0] ?? [], from * dVocab);
        piece.dispose();
        await ctx.checkpoint();
      }
      logits.push(wireTensor(data, [row.length, dVocab], ['pos', 'd_vocab']));
    }
    output.dispose();
  }
  const order = new Map(hooks.map((hook, i) => [hook, i]));
  entries.sort((x, y) => (order.get(x.hook) ?? 0) - (order.get(y.hook) ?? 0) || x.prompt - y.prompt);
  return { prompts, entries, logits };
}

function counted(numbers: number): number {
  if (numbers <= MAX_NUMBERS) return numbers;
  throw new VitrineError(
    'out-of-memory',
    `more than ${MAX_NUMBERS} numbers were asked for; ask for fewer hooks or prompts, or without the logits of every position`,
  );
}

/** The engine masks with a large finite number, as −∞ − (−∞) is none; TransformerLens, and so a file, has −∞. */
function hideMasked(scores: Float32Array): void {
  for (let i = 0; i < scores.length; i++) if ((scores[i] ?? 0) < -1e8) scores[i] = -Infinity;
}

function resolveHooks(patterns: readonly string[], ctx: RunContext): HookName[] {
  const found = new Set<HookName>();
  for (const pattern of patterns) {
    const matches = matchHooks(pattern, ctx.model.config);
    if (matches.length === 0) throw new VitrineError('unknown-hook', `no hook of ${ctx.model.id} matches "${pattern}"`);
    matches.forEach((hook) => found.add(hook));
  }
  if (found.size === 0) throw new VitrineError('bad-spec', 'params.hooks: name at least one hook');
  const inOrder = matchHooks('**', ctx.model.config);
  return [...inOrder.filter((hook) => found.has(hook)), ...[...found].filter((hook) => !inOrder.includes(hook))];
}

function describe(hook: HookName, prompt: number, tensor: WireTensor): ActivationEntry {
  const data = tensorData(tensor) as Float32Array;
  const axis = tensor.axes.findIndex((name) => name === 'pos' || name === 'query');
  const positions = tensor.shape[axis] ?? 1;
  const inner = tensor.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const outer = data.length / (positions * inner);
  const perPosition = new Float32Array(positions * 3);
  for (let p = 0; p < positions; p++) {
    let sum = 0;
    let squares = 0;
    let largest = 0;
    let n = 0;
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        const x = data[(o * positions + p) * inner + i] ?? NaN;
        if (!Number.isFinite(x)) continue;
        sum += x;
        squares += x * x;
        largest = Math.max(largest, Math.abs(x));
        n++;
      }
    }
    perPosition.set([sum / n, Math.sqrt(squares), largest], p * 3);
  }
  return {
    hook,
    prompt,
    tensor,
    summary: summarize(data),
    histogram: histogram(data, BINS),
    perPosition: wireTensor(perPosition, [positions, 3], ['pos', 'stat']),
  };
}
