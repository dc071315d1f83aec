import type { ModelConfig } from '../../core/model-config.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import type { GenerateOptions, GeneratedToken } from '../api.ts';
import { tf } from '../kernels/index.ts';
import { finalNorm, logitsOfNormed, unembed } from './components/unembed.ts';
import { firstResidual, HookRun, padTokens, runBlocks } from './forward.ts';
import type { Edits } from './interventions/index.ts';
import { KvCache } from './kv-cache.ts';
import { selectPositions } from './metric.ts';
import { drawNext } from './next-token.ts';
import { seededUniform } from './sampling.ts';
import type { ModelWeights } from './weights.ts';

/**
 * Generates token by token under edits. With the cache only new positions are computed; edits of earlier positions are
 * already in the cached keys and values, so both ways give the same tokens.
 */
export async function* generate(
  weights: ModelWeights,
  config: ModelConfig,
  prompt: readonly number[],
  edits: Edits,
  options: GenerateOptions,
  tokens: number = config.dVocab,
): AsyncGenerator<GeneratedToken> {
  const sequence = [...prompt];
  const kv = options.useCache === false ? undefined : new KvCache(config);
  const uniform = seededUniform(options.sampling.seed);
  try {
    for (let step = 0; step < options.maxNewTokens; step++) {
      if (sequence.length > config.nCtx)
        throw new VitrineError('prompt-too-long', `the context of ${config.nCtx} tokens is full`);
      const offset = kv && step > 0 ? sequence.length - 1 : 0;
      const logits = await nextLogits(
        weights,
        config,
        sequence.slice(offset),
        offset,
        prompt.length,
        edits,
        kv,
        options.checkpoint,
      );
      const next = await drawNext(logits, sequence, options.sampling, options.topLogits ?? 0, uniform, tokens).finally(() =>
        logits.dispose(),
      );
      const { token } = next;
      yield next;
      if (options.stopTokens?.includes(token)) return;
      sequence.push(token);
      if (sequence.length > config.nCtx) return;
    }
  } finally {
    kv?.dispose();
  }
}

async function nextLogits(
  weights: ModelWeights,
  config: ModelConfig,
  ids: readonly number[],
  offset: number,
  promptLength: number,
  edits: Edits,
  kv: KvCache | undefined,
  checkpoint: (() => Promise<void>) | undefined,
): Promise<tf.Tensor2D> {
  const tokens = padTokens([ids]);
  const hooks = new HookRun({ offset, length: ids.length, promptLengths: [promptLength] }, edits, new Map(), []);
  const input = { weights, config, tokens, hooks, offset, ...(kv ? { kv } : {}) };
  const x = await runBlocks(firstResidual(input), input, 0, config.nLayers, checkpoint);
  // Of the last position only, unless somebody listens at the final norm of all.
  const listening = hooks.wants('final_scale', null) || hooks.wants('final_normalized', null);
  const last = [ids.length - 1];
  const logits = tf.tidy(() =>
    listening
      ? logitsOfNormed(selectPositions(finalNorm(x, weights, config, hooks), last), weights, config)
      : unembed(selectPositions(x, last), weights, config),
  ) as tf.Tensor2D;
  x.dispose();
  return logits;
}
