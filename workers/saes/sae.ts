import { VitrineError } from '../../core/protocol/errors.ts';
import type { Quantization } from '../../core/model-config.ts';
import type { Sae, Tensor } from '../api.ts';
import {
  disposeMatrix,
  disposeSparse,
  gatherRows,
  linearTransposed,
  matrixBytes,
  readMany,
  sparseRowDot,
  tf,
  uploadSparse,
} from '../kernels/index.ts';
import { loadAll, WeightLoader, type WeightSource } from '../model/weights.ts';
import { parseSaeConfig } from './config.ts';
import { architectureOf } from './index.ts';

export interface SaeParts {
  readonly id: string;
  /** `cfg.json`, SAELens' layout. */
  readonly config: unknown;
  /** `sae_weights.safetensors`, or an int8 bundle's file. */
  readonly source: WeightSource;
  readonly quantization: Quantization;
  readonly digest: string;
}

/**
 * Puts an SAE on the device: x̂ = f W_dec + b_dec, f from its architecture's encoder on x − b_dec or x. See `Sae`.
 * Rows of any rank are accepted where their elements fill [n, dIn]: heads are flattened, as `hook_z` needs.
 */
/** See `assemble`. What was put on the device is freed where a part is missing. */
export async function createSae(parts: SaeParts): Promise<Sae> {
  return loadAll(new WeightLoader(parts.source, parts.quantization), (loader) => assemble(loader, parts));
}

async function assemble(loader: WeightLoader, { id, config: json, source, digest }: SaeParts): Promise<Sae> {
  const config = parseSaeConfig(json);
  const { dIn, dSae } = config;
  await refuseScaling(source);
  const encoder = await architectureOf(config.architecture).load(loader, config);
  const wDec = await loader.matrix('W_dec', dSae, dIn);
  const bDec = await loader.vector('b_dec', dIn);
  const known = async (name: string): Promise<Float32Array | null> => {
    if (!source.has(name)) return null;
    const values = await source.vector(name);
    if (values.length !== dSae) throw new VitrineError('bad-file', `${name} holds ${values.length} numbers, not ${dSae}`);
    return values;
  };

  const [maxActivation, density] = [await known('max_activation'), await known('density')];

  const rows = (x: Tensor): tf.Tensor2D => {
    const flat = tf.reshape(x, [-1, dIn]) as tf.Tensor2D;
    return config.applyBDecToInput ? tf.sub(flat, bDec) : flat;
  };

  const indices = (features: readonly number[]): tf.Tensor1D => {
    const wrong = features.find((f) => !Number.isInteger(f) || f < 0 || f >= dSae);
    if (wrong !== undefined) throw new VitrineError('bad-spec', `${id} has no feature ${wrong}; there are ${dSae}`);
    return tf.tensor1d([...features], 'int32');
  };

  return {
    id,
    hookName: config.hookName,
    architecture: config.architecture,
    dIn,
    dSae,
    digest,
    get bytes() {
      return encoder.bytes() + matrixBytes(wDec) + bDec.size * 4;
    },
    maxActivation,
    density,

    async encodeSparse(x) {
      const input = tf.tidy(() => rows(x));
      try {
        return await encoder.sparse(input);
      } finally {
        input.dispose();
      }
    },
    encode: (x) => tf.tidy(() => encoder.dense(rows(x))),
    decode: (features) => tf.tidy(() => tf.add(linearTransposed(features, wDec), bDec)),
    decoderRows: (features) => tf.tidy(() => gatherRows(wDec, indices(features))),
    encoderRows: (features) => tf.tidy(() => gatherRows(encoder.wEncT, indices(features))),
    encoderBias: (features) =>
      tf.tidy(() => {
        const of = indices(features);
        const bias = tf.gather(encoder.bEnc, of);
        if (!config.applyBDecToInput) return bias;
        return tf.sub(bias, tf.sum(tf.mul(gatherRows(encoder.wEncT, of), bDec), 1));
      }),
    async featureGradients(features, gradient) {
      const acts = uploadSparse(features);
      const dY = tf.reshape(gradient, [-1, dIn]) as tf.Tensor2D;
      try {
        const dots = sparseRowDot(acts, wDec, dY);
        const [flat = new Float32Array(0)] = await readMany([dots]);
        dots.dispose();
        return features.indices.map((ids, row) => Float32Array.from(flat.subarray(row * acts.cap, row * acts.cap + ids.length)));
      } finally {
        disposeSparse(acts);
        dY.dispose();
      }
    },
    dispose() {
      encoder.dispose();
      disposeMatrix(wDec);
      bDec.dispose();
    },
  };
}

/** Old finetuned SAEs multiply features by `scaling_factor`; SAELens 6 accepts it only where it does nothing. */
async function refuseScaling(source: WeightSource): Promise<void> {
  if (source.has('scaling_factor') && (await source.vector('scaling_factor')).some((x) => x !== 1))
    throw new VitrineError('unsupported-file', 'this SAE scales its features (scaling_factor), which is not supported');
}
