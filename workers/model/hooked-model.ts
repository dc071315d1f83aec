import { hookExists, parseHook, type HookName } from '../../core/hooks.ts';
import type { Metric } from '../../core/metrics.ts';
import type { ModelConfig, Quantization } from '../../core/model-config.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import type {
  GenerateOptions,
  GeneratedToken,
  GradientOutput,
  HookedModel,
  InterventionPlan,
  RunOptions,
  RunOutput,
  Sae,
  TokenBatch,
  Tokenizer,
} from '../api.ts';
import { gatherRows, matMul, readMany, tf, type Tensor } from '../kernels/index.ts';
import { headResults } from './components/attention.ts';
import { rmsScale } from './components/norm.ts';
import { finalNorm, logitsOfNormed, unembed } from './components/unembed.ts';
import { firstResidual, HookRun, padTokens, runBlocks, type PaddedTokens } from './forward.ts';
import { generate } from './generate.ts';
import { gradients } from './gradients.ts';
import { compileInterventions, type Edits } from './interventions/index.ts';
import { gatherSources, type Sources } from './interventions/sources.ts';
import { metricPositions, metricValues, selectPositions } from './metric.ts';
import { disposeWeights, weightBytes, type BlockWeights, type ModelWeights } from './weights.ts';

export interface HookedModelParts {
  readonly id: string;
  readonly config: ModelConfig;
  readonly weights: ModelWeights;
  readonly tokenizer: Tokenizer;
  readonly quantization: Quantization;
  readonly digest: string;
  /** Loads an SAE that an intervention names. */
  readonly sae: (id: string) => Promise<Sae>;
}

/** Of logits in one tensor: a quarter of what WebGPU binds by default, since reductions hold several tensors of that size. */
const LOGIT_BYTES = 32 * 2 ** 20;

interface Compiled {
  readonly edits: Edits;
  dispose(): void;
}
const NO_EDITS: Compiled = { edits: new Map(), dispose: () => {} };

/** A transformer whose every activation can be read and edited. See `HookedModel`. */
export function createHookedModel(parts: HookedModelParts): HookedModel {
  const { config, weights } = parts;

  const blockAt = (layer: number): BlockWeights => {
    const block = weights.blocks[layer];
    if (!block) throw new RangeError(`no block ${layer}`);
    return block;
  };
  const checkTokens = (tokens: TokenBatch): PaddedTokens => {
    if (tokens.length === 0 || tokens.some((row) => row.length === 0))
      throw new VitrineError('prompt-empty', 'a prompt has no tokens');
    const longest = Math.max(...tokens.map((row) => row.length));
    if (longest > config.nCtx)
      throw new VitrineError('prompt-too-long', `${longest} tokens; the model’s context is ${config.nCtx}`, {
        detail: { tokens: longest, context: config.nCtx },
      });
    for (const id of tokens.flat())
      if (!Number.isInteger(id) || id < 0 || id >= config.dVocab)
        throw new VitrineError('bad-spec', `there is no token ${id} in a vocabulary of ${config.dVocab}`);
    return padTokens(tokens);
  };
  const checkHooks = (hooks: Iterable<HookName>): void => {
    for (const hook of hooks) {
      const address = parseHook(hook);
      if (!address || !hookExists(address, config)) throw new VitrineError('unknown-hook', `${parts.id} has no ${hook}`);
    }
  };

  const compile = async (plan: InterventionPlan | undefined, tokens: TokenBatch): Promise<Compiled> => {
    if (!plan || plan.interventions.length === 0) return NO_EDITS;
    const prompts = plan.prompts ?? tokens;
    prompts.forEach((row) => checkTokens([row]));
    const saes = new Map<string, Sae>();
    for (const i of plan.interventions) {
      const id = i.kind === 'saeFeature' ? i.sae : i.kind === 'add' && i.vector.from === 'decoder' ? i.vector.sae : null;
      if (id !== null && !saes.has(id)) saes.set(id, await parts.sae(id));
    }
    const capture = async (rows: TokenBatch, hooks: readonly HookName[]): Promise<RunOutput> => {
      checkHooks(hooks);
      return run(rows, { capture: hooks, logits: 'none' }, NO_EDITS);
    };
    const sources: Sources = await gatherSources(plan.interventions, prompts, tokens, capture);
    const sae = (id: string): Sae => {
      const found = saes.get(id);
      if (!found) throw new VitrineError('unknown-sae', `${id} is not loaded`);
      return found;
    };
    try {
      const hasBos = prompts[0]?.[0] !== undefined && prompts[0][0] === config.bosTokenId;
      return {
        edits: compileInterventions(plan.interventions, { config, sources, promptCount: prompts.length, hasBos, sae }),
        dispose: () => sources.dispose(),
      };
    } catch (error) {
      sources.dispose();
      throw error;
    }
  };

  const run = async (rows: TokenBatch, options: RunOptions, { edits }: Compiled): Promise<RunOutput> => {
    const tokens = checkTokens(rows);
    checkHooks([...(options.capture ?? []), ...(options.edits?.keys() ?? [])]);
    const hooks = new HookRun(
      { offset: 0, length: tokens.length, promptLengths: tokens.lengths },
      edits,
      options.edits ?? new Map(),
      options.capture ?? [],
    );
    const input = { weights, config, tokens, hooks, offset: 0 };
    let residual: Tensor | null = null;
    try {
      const from = options.startAtLayer?.layer ?? 0;
      const to = options.stopAtLayer ?? config.nLayers;
      const first = options.startAtLayer ? tf.clone(options.startAtLayer.residual) : firstResidual(input);
      residual = await runBlocks(first, input, from, to, options.checkpoint);
      const kept = residual;
      const { normed = null, logits = null } =
        options.stopAtLayer === undefined ? ending(kept, tokens, hooks, options.logits ?? 'all') : {};
      return {
        logits,
        cache: hooks.cache,
        residual: kept,
        lengths: tokens.lengths,
        logitsOf: (first, end, row = 0) => piece(normed, first, end, row),
        dispose: () => {
          hooks.dispose();
          tf.dispose([kept, normed, logits].filter((t) => t !== null));
        },
      };
    } catch (error) {
      hooks.dispose();
      residual?.dispose();
      throw error;
    }
  };

  /** From the last block to the logits; for `pieces` as far as all of them go together. */
  const ending = (
    residual: Tensor,
    tokens: PaddedTokens,
    hooks: HookRun,
    kind: NonNullable<RunOptions['logits']>,
  ): { normed?: Tensor; logits?: Tensor } => {
    const listening = hooks.wants('final_scale', null) || hooks.wants('final_normalized', null);
    if (kind === 'none' && !listening) return {};
    const last = tokens.lengths.map((n) => n - 1);
    return tf.tidy(() => {
      if (kind === 'last' && !listening) return { logits: unembed(selectPositions(residual, last), weights, config) };
      const normed = finalNorm(residual, weights, config, hooks);
      if (kind === 'none') return {};
      if (kind === 'pieces') return { normed };
      return { logits: logitsOfNormed(kind === 'last' ? selectPositions(normed, last) : normed, weights, config) };
    });
  };

  const piece = (normed: Tensor | null, from: number, to: number, row: number): Tensor => {
    if (!normed) throw new VitrineError('internal', 'logits in pieces were not asked for');
    return tf.tidy(() => {
      const rows = tf.slice(normed, [row, from, 0], [1, to - from, config.dModel]);
      return logitsOfNormed(tf.reshape(rows, [to - from, config.dModel]), weights, config);
    });
  };

  const withPlan = async <T>(
    plan: InterventionPlan | undefined,
    rows: TokenBatch,
    use: (compiled: Compiled) => Promise<T>,
  ): Promise<T> => {
    const compiled = await compile(plan, rows);
    try {
      return await use(compiled);
    } finally {
      compiled.dispose();
    }
  };

  return {
    id: parts.id,
    config,
    quantization: parts.quantization,
    tokenizer: parts.tokenizer,
    digest: parts.digest,
    bytes: weightBytes(weights),
    logitRows: Math.max(1, Math.floor(LOGIT_BYTES / (4 * config.dVocab))),

    runWithHooks: (rows, options = {}) => withPlan(options.plan, rows, (compiled) => run(rows, options, compiled)),

    async metric(output: RunOutput, rows: TokenBatch, metric: Metric, reference?: Tensor): Promise<Float32Array> {
      const tokens = checkTokens(rows);
      const values = tf.tidy(() => {
        if (!output.logits) throw new VitrineError('internal', 'the run has no logits');
        const positions = metricPositions(metric, tokens);
        const whole = output.logits.shape.length === 3;
        if (!whole && (metric.kind === 'loss' || (metric.position ?? -1) !== -1))
          throw new VitrineError('internal', 'the metric needs the logits of all positions');
        return metricValues(
          metric,
          positions && whole ? selectPositions(output.logits, positions) : output.logits,
          tokens,
          config,
          reference,
        );
      });
      const [numbers] = await readMany([values]);
      values.dispose();
      return Float32Array.from(numbers ?? []);
    },

    gradients(
      rows: TokenBatch,
      metric: Metric,
      asked: readonly HookName[],
      options: RunOptions & { readonly reference?: Tensor } = {},
    ): Promise<GradientOutput> {
      checkHooks(asked);
      return withPlan(options.plan, rows, ({ edits }) => {
        const tokens = checkTokens(rows);
        const hooks = new HookRun(
          { offset: 0, length: tokens.length, promptLengths: tokens.lengths },
          edits,
          options.edits ?? new Map(),
          new Set([...asked, ...(options.capture ?? [])]),
        );
        return gradients({
          weights,
          config,
          tokens,
          hooks,
          offset: 0,
          metric,
          asked,
          ...(options.reference ? { reference: options.reference } : {}),
          ...(options.checkpoint ? { checkpoint: options.checkpoint } : {}),
        });
      });
    },

    async *generate(prompt: readonly number[], options: GenerateOptions): AsyncGenerator<GeneratedToken> {
      checkTokens([prompt]);
      const compiled = await compile(options.plan, [prompt]);
      try {
        yield* generate(weights, config, prompt, compiled.edits, options, parts.tokenizer.size);
      } finally {
        compiled.dispose();
      }
    },

    unembed: (residual) => tf.tidy(() => unembed(residual, weights, config)),
    unembedRows: (tokens) => gatherRows(weights.unembed, tf.tensor1d([...tokens], 'int32')),
    headOutput(layer, z, scale = 1) {
      const { attn, ln1Post } = blockAt(layer);
      return tf.tidy(() => {
        const results = headResults(z, attn.o, config);
        return ln1Post ? tf.mul(tf.div(results, scale), ln1Post.gain) : results;
      });
    },
    attentionScale(layer, z) {
      const { attn, ln1Post } = blockAt(layer);
      if (!ln1Post) return 1;
      return tf.tidy(() => {
        const heads = tf.sum(headResults(z, attn.o, config), -2, true);
        return rmsScale(attn.o.b ? tf.add(heads, attn.o.b) : heads, config);
      });
    },
    directLogits: (partsOfResidual, scale, directions) =>
      tf.tidy(() => {
        const centred =
          config.norm.kind === 'layerNorm' ? tf.sub(partsOfResidual, tf.mean(partsOfResidual, -1, true)) : partsOfResidual;
        return matMul(tf.mul(tf.div(centred, scale), weights.final.gain), directions, false, true);
      }),
    directConstant: (directions) =>
      tf.tidy(() =>
        weights.final.bias ? tf.sum(tf.mul(directions, weights.final.bias), 1) : tf.zeros([directions.shape[0] ?? 0]),
      ),

    dispose: () => disposeWeights(weights),
  };
}
