import { describe, expect, it } from 'vitest';
import { writeSafetensors, type SafeInput } from '../../core/files/safetensors.ts';
import type { Quantization } from '../../core/model-config.ts';
import type { Sae } from '../api.ts';
import { readMany, tf } from '../kernels/index.ts';
import { dequantizeValues, quantize } from '../kernels/quantize.ts';
import { describeBackends } from '../testing/node-backends.ts';
import { random, relativeError } from '../testing/numbers.ts';
import { SafetensorsSource } from '../weights/safetensors-source.ts';
import { parseSaeConfig } from './config.ts';
import { createSae } from './sae.ts';

type Kind = 'jumprelu' | 'standard' | 'topk';
interface Plain {
  readonly kind: Kind;
  readonly dIn: number;
  readonly dSae: number;
  readonly k: number;
  readonly applyBDec: boolean;
  /** Rows of features, [dSae, dIn] both. */
  readonly wEncT: Float32Array;
  readonly wDec: Float32Array;
  readonly bEnc: Float32Array;
  readonly bDec: Float32Array;
  readonly threshold: Float32Array;
}

function plain(kind: Kind, dIn: number, dSae: number, applyBDec = false): Plain {
  return {
    kind,
    dIn,
    dSae,
    k: Math.min(5, dSae),
    applyBDec,
    wEncT: random(dSae * dIn, 1, 1 / Math.sqrt(dIn)),
    wDec: random(dSae * dIn, 2, 1 / Math.sqrt(dIn)),
    bEnc: random(dSae, 3, 0.2),
    bDec: random(dIn, 4, 0.5),
    threshold: random(dSae, 5).map((x) => Math.abs(x) * 0.5),
  };
}

const transpose = (w: Float32Array, rows: number, columns: number): Float32Array =>
  Float32Array.from({ length: w.length }, (_, i) => w[(i % rows) * columns + Math.floor(i / rows)]!);

/** As SAELens saves it. */
function saeLens(p: Plain): SafetensorsSource {
  const tensors: SafeInput[] = [
    { name: 'W_enc', shape: [p.dIn, p.dSae], data: transpose(p.wEncT, p.dSae, p.dIn) },
    { name: 'b_enc', shape: [p.dSae], data: p.bEnc },
    { name: 'W_dec', shape: [p.dSae, p.dIn], data: p.wDec },
    { name: 'b_dec', shape: [p.dIn], data: p.bDec },
    ...(p.kind === 'jumprelu' ? [{ name: 'threshold', shape: [p.dSae], data: p.threshold }] : []),
  ];
  return new SafetensorsSource([writeSafetensors(tensors)]);
}

/** As `training/saes.py` bundles it. */
function bundle(p: Plain): SafetensorsSource {
  const packed = (name: string, w: Float32Array): SafeInput[] => {
    const { q, scales } = quantize(w, 'int8');
    return [
      { name: `${name}.q8`, shape: [p.dSae, p.dIn], data: q },
      { name: `${name}.scale`, shape: [p.dSae, p.dIn / 32], data: scales },
    ];
  };
  return new SafetensorsSource([
    writeSafetensors([
      ...packed('W_enc_T', p.wEncT),
      ...packed('W_dec', p.wDec),
      { name: 'b_enc', shape: [p.dSae], data: p.bEnc },
      { name: 'b_dec', shape: [p.dIn], data: p.bDec },
      { name: 'threshold', shape: [p.dSae], data: p.threshold },
      { name: 'max_activation', shape: [p.dSae], data: p.bEnc },
      { name: 'density', shape: [p.dSae], data: p.threshold },
    ]),
  ]);
}

const cfg = (p: Plain): Record<string, unknown> => ({
  architecture: p.kind,
  d_in: p.dIn,
  d_sae: p.dSae,
  k: p.k,
  apply_b_dec_to_input: p.applyBDec,
  normalize_activations: 'none',
  reshape_activations: 'hook_z',
  metadata: { sae_lens_version: '6.54.0', hook_name: 'blocks.1.attn.hook_z' },
});

/** f and x̂ in float64. */
function reference(p: Plain, x: Float32Array): { features: Float64Array; reconstruction: Float64Array } {
  const t = x.length / p.dIn;
  const features = new Float64Array(t * p.dSae);
  const reconstruction = new Float64Array(t * p.dIn);
  for (let row = 0; row < t; row++) {
    const pre = Array.from({ length: p.dSae }, (_, f) => {
      let sum = p.bEnc[f]!;
      for (let i = 0; i < p.dIn; i++) sum += (x[row * p.dIn + i]! - (p.applyBDec ? p.bDec[i]! : 0)) * p.wEncT[f * p.dIn + i]!;
      return sum;
    });
    const kth = [...pre].sort((a, b) => b - a)[p.k - 1]!;
    for (const [f, value] of pre.entries()) {
      const active = p.kind === 'jumprelu' ? value > p.threshold[f]! : p.kind === 'topk' ? value >= kth : true;
      features[row * p.dSae + f] = active ? Math.max(0, value) : 0;
    }
    for (let i = 0; i < p.dIn; i++) {
      let sum = p.bDec[i]!;
      for (let f = 0; f < p.dSae; f++) sum += features[row * p.dSae + f]! * p.wDec[f * p.dIn + i]!;
      reconstruction[row * p.dIn + i] = sum;
    }
  }
  return { features, reconstruction };
}

const read = async (t: tf.Tensor): Promise<Float32Array> => Float32Array.from((await readMany([t]))[0]!);
const make = (p: Plain, source: SafetensorsSource, quantization: Quantization = 'f32'): Promise<Sae> =>
  createSae({ id: 'test', config: cfg(p), source, quantization, digest: 'none' });

describeBackends('saes', () => {
  const sizes = [
    [1, 1, 1],
    [3, 7, 63],
    [2, 32, 65],
    [9, 64, 301],
    [5, 96, 1024],
  ] as const;
  for (const kind of ['jumprelu', 'standard', 'topk'] as const) {
    it.each(sizes)(`${kind}: encode, decode, sparse and gradients for t, dIn, dSae = %i, %i, %i`, async (t, dIn, dSae) => {
      const p = plain(kind, dIn, dSae, dIn !== 32);
      const sae = await make(p, saeLens(p));
      expect(sae).toMatchObject({ hookName: 'blocks.1.attn.hook_z', architecture: kind, dIn, dSae });
      const x = random(t * dIn, 9, 1.5);
      const expected = reference(p, x);
      const xt = tf.tensor2d(x, [t, dIn]);
      const features = sae.encode(xt);
      const f = await read(features);
      expect(relativeError(f, expected.features)).toBeLessThan(1e-5);
      expect(relativeError(await read(sae.decode(features)), expected.reconstruction)).toBeLessThan(1e-5);

      const sparse = await sae.encodeSparse(xt);
      const scattered = new Float32Array(t * dSae);
      for (const [row, ids] of sparse.indices.entries()) {
        expect([...ids]).toEqual([...ids].sort((a, b) => a - b));
        for (const [i, id] of ids.entries()) scattered[row * dSae + id] = sparse.values[row]![i]!;
      }
      expect(relativeError(scattered, f)).toBeLessThan(1e-6);
      expect([...scattered].map((v) => v > 0)).toEqual([...f].map((v) => v > 0));

      // ∂⟨x̂, g⟩/∂x = Σ over active features of ⟨W_dec[f], g⟩ W_enc[:, f].
      const g = random(t * dIn, 11);
      const gt = tf.tensor2d(g, [t, dIn]);
      const dx = await read(tf.grad((input: tf.Tensor) => tf.sum(tf.mul(sae.decode(sae.encode(input)), gt)))(xt));
      const wanted = new Float64Array(t * dIn);
      const dots: number[][] = [];
      for (let row = 0; row < t; row++) {
        const list: number[] = [];
        for (let id = 0; id < dSae; id++) {
          if (!(expected.features[row * dSae + id]! > 0)) continue;
          let dot = 0;
          for (let i = 0; i < dIn; i++) dot += p.wDec[id * dIn + i]! * g[row * dIn + i]!;
          list.push(dot);
          for (let i = 0; i < dIn; i++) wanted[row * dIn + i]! += dot * p.wEncT[id * dIn + i]!;
        }
        dots.push(list);
      }
      expect(relativeError(dx, wanted)).toBeLessThan(1e-5);
      const own = await sae.featureGradients(sparse, gt);
      expect(own.map((row) => row.length)).toEqual(dots.map((row) => row.length));
      expect(
        relativeError(
          own.flatMap((row) => [...row]),
          dots.flat(),
        ),
      ).toBeLessThan(1e-5);
      const df = await read(tf.grad((input: tf.Tensor) => tf.sum(tf.mul(sae.decode(input), gt)))(features));
      expect(relativeError(await read(sae.decoderRows([dSae - 1, 0])), [...p.wDec.slice(-dIn), ...p.wDec.slice(0, dIn)])).toBe(0);
      const ends = [dSae - 1, 0];
      expect(relativeError(await read(sae.encoderRows(ends)), [...p.wEncT.slice(-dIn), ...p.wEncT.slice(0, dIn)])).toBe(0);
      const bias = ends.map((f) => {
        const row = p.wEncT.subarray(f * dIn, (f + 1) * dIn);
        return p.bEnc[f]! - (p.applyBDec ? row.reduce((sum, w, i) => sum + w * p.bDec[i]!, 0) : 0);
      });
      expect(relativeError(await read(sae.encoderBias(ends)), bias)).toBeLessThan(1e-5);
      let worst = 0;
      for (const [row, ids] of sparse.indices.entries())
        for (const [i, id] of ids.entries()) worst = Math.max(worst, Math.abs(df[row * dSae + id]! - dots[row]![i]!));
      expect(worst).toBeLessThan(1e-4);
      sae.dispose();
    });
  }

  it('takes heads as they are and flattens them', async () => {
    const p = plain('jumprelu', 32, 40);
    const sae = await make(p, saeLens(p));
    const x = random(3 * 32, 6);
    const heads = await read(sae.encode(tf.tensor(x, [1, 3, 4, 8])));
    expect(heads).toEqual(await read(sae.encode(tf.tensor2d(x, [3, 32]))));
    expect((await sae.encodeSparse(tf.tensor(x, [1, 3, 4, 8]))).indices).toHaveLength(3);
    sae.dispose();
  });

  it('reads an int8 bundle exactly as it is, and rounds it once more for int4', async () => {
    const p = plain('jumprelu', 64, 129);
    const x = random(4 * 64, 7);
    const twice = (w: Float32Array, kind: Quantization): Float32Array => {
      const once = dequantizeValues(quantize(w, 'int8'));
      return kind === 'int4' ? dequantizeValues(quantize(once, 'int4')) : once;
    };
    for (const kind of ['f32', 'int8', 'int4'] as const) {
      const sae = await make(p, bundle(p), kind);
      const rounded = { ...p, wEncT: twice(p.wEncT, kind), wDec: twice(p.wDec, kind) };
      const expected = reference(rounded, x);
      const features = sae.encode(tf.tensor2d(x, [4, 64]));
      expect(relativeError(await read(features), expected.features)).toBeLessThan(1e-5);
      expect(relativeError(await read(sae.decode(features)), expected.reconstruction)).toBeLessThan(1e-5);
      expect(sae.maxActivation).toEqual(p.bEnc);
      expect(sae.density).toEqual(p.threshold);
      sae.dispose();
    }
  });

  it('leaves no tensor behind, and counts its bytes', async () => {
    const p = plain('topk', 64, 200);
    const before = tf.memory().numTensors;
    const sae = await make(p, saeLens(p), 'int8');
    const x = tf.tensor2d(random(2 * 64, 8), [2, 64]);
    const y = tf.tidy(() => sae.decode(sae.encode(x)));
    const rows = sae.decoderRows([3]);
    const held = tf.memory().numTensors;
    await sae.featureGradients(await sae.encodeSparse(x), y);
    expect(tf.memory().numTensors).toBe(held);
    expect(sae.bytes).toBeGreaterThan(64 * 200 * 2);
    tf.dispose([x, y, rows]);
    sae.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('names a feature that there is not', async () => {
    const p = plain('standard', 4, 6);
    const sae = await make(p, saeLens(p));
    for (const rows of [sae.decoderRows, sae.encoderRows, sae.encoderBias])
      expect(() => rows([6])).toThrow(expect.objectContaining({ code: 'bad-spec' }));
    sae.dispose();
  });
});

describe('cfg.json of an SAE', () => {
  const good = cfg(plain('jumprelu', 8, 16));
  const old = {
    d_in: 8,
    d_sae: 16,
    hook_point: 'blocks.3.hook_resid_pre',
    activation_fn_str: 'topk',
    activation_fn_kwargs: { k: 4 },
  };

  it('reads the layout of SAELens 6 and of earlier versions', () => {
    expect(parseSaeConfig(good)).toEqual({
      architecture: 'jumprelu',
      dIn: 8,
      dSae: 16,
      hookName: 'blocks.1.attn.hook_z',
      applyBDecToInput: false,
      k: null,
    });
    expect(parseSaeConfig(old)).toEqual({
      architecture: 'topk',
      dIn: 8,
      dSae: 16,
      hookName: 'blocks.3.hook_resid_pre',
      applyBDecToInput: true,
      k: 4,
    });
    const plainOld = { d_in: 8, d_sae: 16, hook_name: 'blocks.3.hook_resid_pre', normalize_activations: false };
    expect(parseSaeConfig(plainOld)).toMatchObject({ architecture: 'standard', applyBDecToInput: true });
  });

  it.each([
    ['normalised input', { ...good, normalize_activations: 'layer_norm' }, 'unsupported-file'],
    ['one head of a hook', { ...good, hook_head_index: 3 }, 'unsupported-file'],
    ['another reshape', { ...good, reshape_activations: 'other' }, 'unsupported-file'],
    ['no hook', { ...good, metadata: { sae_lens_version: '6.1.0' } }, 'unsupported-file'],
    ['another nonlinearity', { ...good, architecture: 'standard', activation_fn: 'tanh-relu' }, 'unsupported-file'],
    ['scaling folded at run time only', { ...old, normalize_activations: true }, 'unsupported-file'],
    ['no sizes', { ...good, d_in: 'many' }, 'bad-file'],
    ['an absurd size', { ...good, d_sae: 1e300 }, 'bad-file'],
    ['topk without k', { ...good, architecture: 'topk', k: undefined }, 'bad-file'],
    ['a list', [], 'bad-file'],
  ])('refuses %s', (_what, json, code) => {
    expect(() => parseSaeConfig(json)).toThrow(expect.objectContaining({ code }));
  });
});

describeBackends(
  'damaged saes',
  () => {
    const p = plain('jumprelu', 32, 16);
    it.each([
      ['an unknown architecture', { ...cfg(p), architecture: 'crosscoder' }, 'unsupported-file'],
      ['a width that the file does not have', { ...cfg(p), d_sae: 17 }, 'bad-file'],
      ['an input width that the file does not have', { ...cfg(p), d_in: 64 }, 'bad-file'],
    ])('refuses %s', async (_what, config, code) => {
      const open = createSae({ id: 'x', config, source: bundle(p), quantization: 'int8', digest: '' });
      await expect(open).rejects.toThrow(expect.objectContaining({ code }));
    });
  },
  ['cpu'],
);
