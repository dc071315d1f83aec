/** What a lab may use of the engine. Labs import this file and nothing else of `workers/`. */
import type * as tfTypes from '@tensorflow/tfjs-core';
import type { ChatMessage, ChatOptions, RenderedChat } from '../core/chat.ts';
import type { HookName } from '../core/hooks.ts';
import type { Intervention } from '../core/interventions.ts';
import type { Metric } from '../core/metrics.ts';
import type { BackendName, ModelConfig, Quantization } from '../core/model-config.ts';
import type { TokenText } from '../core/tokens.ts';

export type Tensor = tfTypes.Tensor;

/** Prompts as token ids, right-padded on the way into the model. Rows may differ in length. */
export type TokenBatch = readonly (readonly number[])[];

/**
 * Interventions of one run, with everything they refer to. Interventions name prompts by index (`patch`, `mean`,
 * `freezePattern`, contrast vectors): `prompts` is that list. `rows` says which intervention list applies to which
 * row of the batch; absent: all of them apply to every row.
 */
export interface InterventionPlan {
  readonly interventions: readonly Intervention[];
  readonly prompts?: TokenBatch;
}

/** A custom edit, for methods that no `Intervention` describes (edge patching, integrated gradients …). */
export type HookEdit = (activation: Tensor, hook: HookName) => Tensor;

export interface RunOptions {
  readonly plan?: InterventionPlan;
  /** Applied after the plan's interventions at the same hook. Must return a tensor of the same shape; may return its input. */
  readonly edits?: ReadonlyMap<HookName, HookEdit>;
  /** Hooks to keep, as they are after all edits. */
  readonly capture?: readonly HookName[];
  /** Enter at block `layer` with this residual stream [batch, pos, d_model] instead of embedding the tokens. */
  readonly startAtLayer?: { readonly layer: number; readonly residual: Tensor };
  /** Leave before block `layer` (TransformerLens' `stop_at_layer`): no logits, `residual` is that block's resid_pre. */
  readonly stopAtLayer?: number;
  /**
   * Which logits to compute. `last`: of each row's last real token. `pieces`: those that `logitsOf` is asked for, when it is;
   * with a large vocabulary all of them are more than a device takes in one tensor.
   */
  readonly logits?: 'all' | 'last' | 'pieces' | 'none';
  /** Awaited between blocks; throws when the run was cancelled. */
  readonly checkpoint?: () => Promise<void>;
}

/** Tensors belong to the caller, who calls `dispose`. */
export interface RunOutput {
  /** [batch, pos, d_vocab] for `all`, [batch, d_vocab] for `last`, null for `pieces` and `none` or after `stopAtLayer`. */
  readonly logits: Tensor | null;
  readonly cache: ReadonlyMap<HookName, Tensor>;
  /** Residual stream after the last block that ran, [batch, pos, d_model]. */
  readonly residual: Tensor;
  /** Real tokens of each row; later positions are padding. */
  readonly lengths: readonly number[];
  /**
   * For `pieces`: logits of positions from … to − 1 of a row of the batch (default: the first), [to − from, d_vocab], computed
   * now; at most `HookedModel.logitRows` at a time. The caller disposes of them.
   */
  logitsOf(from: number, to: number, row?: number): Tensor;
  dispose(): void;
}

export interface GradientOutput {
  /** The metric of each row. */
  readonly values: Float32Array;
  /** ∂(Σ rows metric)/∂activation at each asked hook, same shape as the activation. */
  readonly gradients: ReadonlyMap<HookName, Tensor>;
  readonly activations: ReadonlyMap<HookName, Tensor>;
  dispose(): void;
}

export interface Sampling {
  /** 0: greedy (ties: lowest id). */
  readonly temperature: number;
  readonly topP: number;
  readonly topK?: number;
  /** CTRL's penalty, > 1 discourages tokens that already occurred; 1 switches it off. */
  readonly repetitionPenalty: number;
  readonly seed: number;
}

export interface GenerateOptions {
  readonly maxNewTokens: number;
  readonly sampling: Sampling;
  readonly plan?: InterventionPlan;
  readonly stopTokens?: readonly number[];
  /** Log-probabilities of this many most probable tokens ride along with each step. */
  readonly topLogits?: number;
  readonly useCache?: boolean;
  readonly checkpoint?: () => Promise<void>;
}

export interface GeneratedToken {
  readonly token: number;
  readonly logProb: number;
  readonly top: readonly { readonly token: number; readonly logit: number; readonly logProb: number }[];
}

export interface HookedModel {
  readonly id: string;
  readonly config: ModelConfig;
  readonly quantization: Quantization;
  readonly tokenizer: Tokenizer;
  /** SHA-256 of the weight file(s) as listed by the manifest. */
  readonly digest: string;
  /** Bytes held on the device for the weights. */
  readonly bytes: number;
  /** So many rows of logits are held at once, one at least: all devices take that in one tensor. */
  readonly logitRows: number;
  runWithHooks(tokens: TokenBatch, options?: RunOptions): Promise<RunOutput>;
  /** The metric of each row, without gradients. `reference` logits for KL: [batch, d_vocab] at the metric's position. */
  metric(output: RunOutput, tokens: TokenBatch, metric: Metric, reference?: Tensor): Promise<Float32Array>;
  gradients(
    tokens: TokenBatch,
    metric: Metric,
    hooks: readonly HookName[],
    options?: RunOptions & { readonly reference?: Tensor },
  ): Promise<GradientOutput>;
  generate(prompt: readonly number[], options: GenerateOptions): AsyncGenerator<GeneratedToken>;
  /** Next-token logits of a residual stream [n, d_model] through the final norm, the unembedding and the cap (logit lens). */
  unembed(residual: Tensor): Tensor;
  /** Logit directions W_U[token], [n, d_model], dequantized. */
  unembedRows(tokens: readonly number[]): Tensor;
  /**
   * What each head writes for given mixed values: z [..., head, d_head] · W_O[head], [..., head, d_model]; b_O is not part of it.
   * @param scale where the family norms what attention writes (Gemma): that norm's scale, `attentionScale` of the run or 1;
   *   the heads are then divided by it and multiplied by the norm's gain, so that they stand in the residual stream
   */
  headOutput(layer: number, z: Tensor, scale?: Tensor | number): Tensor;
  /**
   * Scale of the norm of what attention writes, for the mixed values of all heads: z [..., head, d_head] → [..., 1, 1].
   * 1 in families without such a norm.
   */
  attentionScale(layer: number, z: Tensor): Tensor | number;
  /**
   * Logits that parts of the residual stream add along directions, with the final norm's scale frozen (direct logit
   * attribution). Where the family caps logits (Gemma 2), these are logits before the cap.
   * @param parts      [n, d_model]; for LayerNorm each part is centred by its own mean, which is exact
   * @param scale      the final norm's `hook_scale` at each part's position, [n, 1] or one number
   * @param directions [m, d_model], e.g. W_U[correct] − W_U[wrong]
   * @returns          [n, m]
   */
  directLogits(parts: Tensor, scale: Tensor | number, directions: Tensor): Tensor;
  /** What the final norm's bias adds along directions whatever the input, [m]; 0 for RMSNorm. An unembedding bias is not part of it. */
  directConstant(directions: Tensor): Tensor;
  dispose(): void;
}

/** Active features of each position: indices ascending, values > 0, in the SAE's own units. */
export interface SparseFeatures {
  readonly indices: readonly Int32Array[];
  readonly values: readonly Float32Array[];
}

export interface Sae {
  readonly id: string;
  readonly hookName: HookName;
  readonly architecture: string;
  readonly dIn: number;
  readonly dSae: number;
  readonly digest: string;
  readonly bytes: number;
  /** Largest activation of each feature over the card's text, [dSae], 0 where never active; null where unknown. */
  readonly maxActivation: Float32Array | null;
  /** Share of the card's tokens on which each feature is active, [dSae]. */
  readonly density: Float32Array | null;
  /** Encodes rows [n, dIn] (heads flattened where the hook has them) to the active features. */
  encodeSparse(x: Tensor): Promise<SparseFeatures>;
  /** Dense features [n, dSae]; differentiable with respect to x. */
  encode(x: Tensor): Tensor;
  /** Reconstruction [n, dIn] of dense features; differentiable. */
  decode(features: Tensor): Tensor;
  /** Decoder rows of some features, [k, dIn]. */
  decoderRows(features: readonly number[]): Tensor;
  /**
   * Encoder rows W_enc[:, feature], [k, dIn]. A feature's value before its nonlinearity is ⟨x, row⟩ + `encoderBias`, for an
   * activation x as it is at the hook.
   */
  encoderRows(features: readonly number[]): Tensor;
  /** b_enc[feature], less ⟨b_dec, row⟩ where the dictionary subtracts b_dec from what it reads, [k]. */
  encoderBias(features: readonly number[]): Tensor;
  /** ⟨W_dec[feature], gradient⟩ of each active feature: the first-order effect of one unit of the feature. Same layout as `features`. */
  featureGradients(features: SparseFeatures, gradient: Tensor): Promise<readonly Float32Array[]>;
  dispose(): void;
}

export interface Tokenizer {
  /** One more than the largest id. Ids without a token, as in padded vocabularies, have an empty text. */
  readonly size: number;
  readonly bosId: number | null;
  readonly eosId: number | null;
  /** Whether the model comes with a chat template. */
  readonly hasChat: boolean;
  /** Ids without BOS; `encodePrompt` puts BOS in front where the model was trained with one. */
  encode(text: string): number[];
  encodePrompt(text: string, bos?: boolean): number[];
  /**
   * A chat through the model's template, exactly as `apply_chat_template` of transformers: whatever the template writes is read
   * with special tokens recognised and nothing put in front, so BOS is there once, or not, as the template has it. As there,
   * a special token that is spelled out in a message becomes that token.
   * @throws `bad-spec` where there is no template, or the template refuses the messages; `bad-file` where it cannot be read
   */
  applyChat(messages: readonly ChatMessage[], options: ChatOptions): Promise<RenderedChat>;
  decode(ids: readonly number[]): string;
  token(id: number): TokenText;
  /** The id of a text that is exactly one token, else null. */
  single(text: string): number | null;
  /**
   * Half-open UTF-8 byte ranges of each token; a BOS in front is empty. With `text`, the one that was encoded, ranges are those
   * in that text: where the tokenizer changed it (NFC), every token that holds a part of a changed character covers all of it,
   * so ranges may overlap there. Without, ranges are in what the tokens spell, which is the same where nothing is changed.
   */
  byteOffsets(ids: readonly number[], text?: string): readonly (readonly [number, number])[];
}

/** Reads tensors back in one go. Never blocks the device queue with a synchronous read. */
export type ReadTensors = (tensors: readonly Tensor[]) => Promise<(Float32Array | Int32Array)[]>;

/**
 * Reductions of logits on the device; what comes back is small. Natural logarithms. Rows of a padded vocabulary that are no
 * tokens are in no list and have no rank; probabilities are of all rows, as the model itself has them.
 */
export interface Reductions {
  /** The k most probable tokens of each row of [n, d_vocab], most probable first; ties by lower id. All flat [n · k]. */
  topLogits(
    logits: Tensor,
    k: number,
  ): Promise<{ readonly ids: Int32Array; readonly logits: Float32Array; readonly logProbs: Float32Array }>;
  /** Of one given token per row: its logit, log-probability, and rank (0 = most probable). */
  tokenLogits(
    logits: Tensor,
    ids: readonly number[],
  ): Promise<{ readonly logits: Float32Array; readonly logProbs: Float32Array; readonly ranks: Int32Array }>;
}

/** Handed to a lab's `run`: the engine, and how to stay responsive. */
export interface RunContext {
  readonly backend: BackendName;
  readonly model: HookedModel;
  /** Loads an SAE by id (cached), showing progress. */
  sae(id: string): Promise<Sae>;
  readonly read: ReadTensors;
  readonly reduce: Reductions;
  /**
   * A file of the site, by its path below the root. With its digest it is checked, and served from the last visit's copy;
   * without, it is asked for anew. Throws `not-found`, `network`, `truncated`, `digest-mismatch`.
   */
  file(path: string, expect?: { readonly bytes: number; readonly sha256: string }): Promise<Uint8Array>;
  /** The tensor library, inside a scope that frees what the lab forgets when the run ends. */
  readonly tf: typeof tfTypes;
  /** Lets messages in at least every 8 ms and throws `Cancelled` once the run was cancelled. Await it between units of work. */
  checkpoint(): Promise<void>;
  progress(phase: string, done: number, total: number, unit: string): void;
}
