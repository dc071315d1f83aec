import { afterEach, expect, it } from 'vitest';
import { hookName } from '../../core/hooks.ts';
import { plainParts, type ModelConfig, type Quantization } from '../../core/model-config.ts';
import { allowFusedBlocks, matrixFromF32, readMany, tf, type Tensor } from '../kernels/index.ts';
import { FLAT, setMatmulChoice } from '../kernels/dequant-matmul/choice.ts';
import { dispatchCount } from '../kernels/webgpu/dispatch.ts';
import { describeBackends } from '../testing/node-backends.ts';
import { random, relativeError } from '../testing/numbers.ts';
import { NO_TOKENIZER } from '../testing/tiny-models.ts';
import { TOLERANCE } from '../testing/tolerances.ts';
import { generate } from './generate.ts';
import { createHookedModel } from './hooked-model.ts';
import type { BlockWeights, Linear, ModelWeights, Norm } from './weights.ts';

const BASE: ModelConfig = {
  family: 'llama',
  nLayers: 2,
  nHeads: 4,
  nKvHeads: 4,
  dModel: 64,
  dHead: 16,
  dMlp: 96,
  dVocab: 80,
  nCtx: 160,
  norm: { kind: 'rmsNorm', eps: 1e-5 },
  positional: { kind: 'rotary', base: 1e4, scaling: null, dims: 16, local: null },
  mlp: { activation: 'silu', gated: true },
  attentionDivisor: 4,
  ...plainParts(2),
  tiedEmbeddings: false,
  bosTokenId: null,
  eosTokenId: null,
};
/** What the families differ in, one model for each; dispatches of a block beside. */
const MODELS: Readonly<Record<string, readonly [change: Partial<ModelConfig>, biases: boolean, dispatches: number]>> = {
  'llama, grouped queries': [{ nKvHeads: 2 }, false, 11],
  'qwen2, biases': [{ nKvHeads: 1 }, true, 11],
  'qwen3, normed queries and keys': [{ qkNorm: true, nKvHeads: 2, dHead: 24, positional: { ...rotary(24) } }, false, 11],
  gpt2: [
    {
      norm: { kind: 'layerNorm', eps: 1e-5 },
      positional: { kind: 'learned' },
      mlp: { activation: 'gelu_new', gated: false },
    },
    true,
    10,
  ],
  'gpt-neox, parallel, a part of each head turned': [
    {
      norm: { kind: 'layerNorm', eps: 1e-5 },
      positional: rotary(4),
      mlp: { activation: 'gelu', gated: false },
      parallel: true,
    },
    true,
    10,
  ],
  'gpt-neo, windows, no division': [
    {
      norm: { kind: 'layerNorm', eps: 1e-5 },
      positional: { kind: 'learned' },
      mlp: { activation: 'relu', gated: false },
      windows: [null, 5],
      attentionDivisor: 1,
    },
    true,
    10,
  ],
  'gemma2, caps, post-norms, windows': [
    {
      nKvHeads: 2,
      attentionSoftcap: 3,
      finalSoftcap: 5,
      postNorms: true,
      windows: [7, null],
      embedScale: 8,
      mlp: { activation: 'gelu_new', gated: true },
    },
    false,
    13,
  ],
  'gemma3, two rotations': [
    {
      nHeads: 2,
      nKvHeads: 1,
      dHead: 80,
      qkNorm: true,
      postNorms: true,
      windows: [7, null],
      positional: { ...rotary(80), local: { base: 100, scaling: null } },
      mlp: { activation: 'gelu_new', gated: true },
    },
    false,
    13,
  ],
};

function rotary(dims: number): Extract<ModelConfig['positional'], { kind: 'rotary' }> {
  return { kind: 'rotary', base: 1e4, scaling: null, dims, local: null };
}

function weightsOf(config: ModelConfig, biases: boolean, quantization: Quantization): ModelWeights {
  let seed = 1;
  const vector = (n: number, about = 0): tf.Tensor1D => tf.keep(tf.tensor1d(random(n, seed++, 0.3).map((x) => about + x)));
  const norm = (n: number): Norm => ({ gain: vector(n, 1), bias: config.norm.kind === 'layerNorm' ? vector(n) : null });
  const matrix = (n: number, k: number, scale = 1.2): ModelWeights['embed'] =>
    matrixFromF32(random(n * k, seed++, scale / Math.sqrt(k)), n, k, quantization);
  const linear = (n: number, k: number): Linear => ({ w: matrix(n, k, 2), b: biases ? vector(n) : null });
  const { dModel, dHead, dMlp, nHeads, nKvHeads, dVocab, nCtx, qkNorm, postNorms, mlp } = config;
  const block = (): BlockWeights => ({
    ln1: norm(dModel),
    ln2: norm(dModel),
    ln1Post: postNorms ? norm(dModel) : null,
    ln2Post: postNorms ? norm(dModel) : null,
    attn: {
      q: linear(nHeads * dHead, dModel),
      k: linear(nKvHeads * dHead, dModel),
      v: linear(nKvHeads * dHead, dModel),
      o: linear(dModel, nHeads * dHead),
      qNorm: qkNorm ? norm(dHead) : null,
      kNorm: qkNorm ? norm(dHead) : null,
    },
    mlp: { in: linear(dMlp, dModel), gate: mlp.gated ? linear(dMlp, dModel) : null, out: linear(dModel, dMlp) },
  });
  return {
    embed: matrix(dVocab, dModel, 4),
    pos: config.positional.kind === 'learned' ? matrix(nCtx, dModel, 2) : null,
    blocks: Array.from({ length: config.nLayers }, block),
    final: norm(dModel),
    unembed: matrix(dVocab, dModel),
  };
}

const read = async (t: Tensor): Promise<Float32Array> => Float32Array.from((await readMany([t]))[0]!);
const GREEDY = { temperature: 0, topP: 1, repetitionPenalty: 1, seed: 0 };

describeBackends(
  'fused blocks',
  () => {
    afterEach(() => {
      allowFusedBlocks(true);
      setMatmulChoice(FLAT);
    });

    it.each(Object.keys(MODELS))('%s: the same numbers as step by step, padded rows too; how many dispatches', async (name) => {
      const [change, biases, dispatches] = MODELS[name]!;
      const config: ModelConfig = { ...BASE, ...change };
      const weights = weightsOf(config, biases, 'int8');
      const model = createHookedModel({
        id: name,
        config,
        weights,
        tokenizer: NO_TOKENIZER,
        quantization: 'int8',
        digest: '',
        sae: () => Promise.reject(new Error('none')),
      });
      const long = Array.from({ length: 83 }, (_, i) => (i * i + 3) % config.dVocab);
      const rows = [[5, 3, 9, 9, 1, 44, 20, 7, 8, 11], [1, 2, 3], [60]];
      for (const [tokens, few] of [
        [rows, 'flat'],
        [[long], 'gemv-8'],
      ] as const) {
        setMatmulChoice(few === 'flat' ? FLAT : { few, many: 'gemm-32' });
        const logits = async (fused: boolean): Promise<Float32Array[]> => {
          allowFusedBlocks(fused);
          const out = await model.runWithHooks(tokens, { capture: [hookName('resid_post', 0)] });
          const numbers = [await read(out.logits!), await read(out.cache.get(hookName('resid_post', 0))!)];
          // Padding may hold anything.
          const kept = numbers.map((flat) => {
            const width = flat.length / tokens.length / tokens[0]!.length;
            return Float32Array.from(
              tokens.flatMap((row, b) => [...flat.subarray(b * tokens[0]!.length * width).subarray(0, row.length * width)]),
            );
          });
          out.dispose();
          return kept;
        };
        const [fused, stepwise] = [await logits(true), await logits(false)];
        for (const i of [0, 1]) expect(relativeError(fused[i]!, stepwise[i]!), `${few} ${i}`).toBeLessThan(TOLERANCE.reordering);
        const tensors = tf.memory().numTensors;
        const tapped = { capture: [hookName('resid_post', 1)], stopAtLayer: 1, logits: 'none' as const };
        allowFusedBlocks(true);
        const input = (await model.runWithHooks(tokens, { stopAtLayer: 0 })).residual;
        const before = dispatchCount();
        (await model.runWithHooks(tokens, { ...tapped, startAtLayer: { layer: 0, residual: input } })).dispose();
        expect(dispatchCount() - before).toBe(dispatches);
        input.dispose();
        expect(tf.memory().numTensors).toBe(tensors);
      }

      // One token at a time over keys and values of both paths.
      const tokensOf = async (fused: boolean): Promise<number[]> => {
        allowFusedBlocks(fused);
        const out = [];
        for await (const { token, logProb } of generate(weights, config, long.slice(0, 61), new Map(), {
          maxNewTokens: 3,
          sampling: GREEDY,
        }))
          out.push(token, Math.round(logProb * 1e3));
        return out;
      };
      expect(await tokensOf(true)).toEqual(await tokensOf(false));
      model.dispose();
    });

    it('does not run where somebody listens inside, and edits of a block’s input count once', async () => {
      const weights = weightsOf(BASE, false, 'int8');
      const model = createHookedModel({
        id: 'llama',
        config: BASE,
        weights,
        tokenizer: NO_TOKENIZER,
        quantization: 'int8',
        digest: '',
        sae: () => Promise.reject(new Error('none')),
      });
      const run = async (fused: boolean, capture: Parameters<typeof hookName>[0]): Promise<Float32Array> => {
        allowFusedBlocks(fused);
        const hook = hookName(capture, 1);
        const double = new Map([[hookName('resid_pre', 1), (x: Tensor) => tf.mul(x, 2)]]);
        const out = await model.runWithHooks([[1, 2, 3]], { capture: [hook], edits: double, stopAtLayer: 2 });
        const numbers = await read(out.cache.get(hook)!);
        out.dispose();
        return numbers;
      };
      for (const site of ['pattern', 'mlp_post', 'resid_post'] as const)
        expect(relativeError(await run(true, site), await run(false, site))).toBeLessThan(TOLERANCE.reordering);
      model.dispose();
    });
  },
  ['webgpu'],
);
