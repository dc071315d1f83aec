/** A vector pair of a norm: `<name>.weight` and, where there is one, `<name>.bias`. */
export interface NormNames {
  readonly name: string;
  readonly bias: boolean;
  /** Added to the stored gain: Gemma's checkpoints hold gain − 1. */
  readonly plus?: number;
}

/** `<name>.weight` and its bias. `maybe`: there is a bias if the checkpoint has one, since configurations do not always say. */
export interface LinearNames {
  readonly name: string;
  readonly bias: boolean | 'maybe';
  /** The checkpoint holds the weight as [in, out] (GPT-2's Conv1D). */
  readonly conv1d?: boolean;
}

/** Queries, keys and values in three tensors, or as rows of one. */
export type QkvNames =
  | { readonly kind: 'apart'; readonly q: LinearNames; readonly k: LinearNames; readonly v: LinearNames }
  /** `rows`: which rows are q, k and v, in the order of heads. */
  | (LinearNames & { readonly kind: 'fused'; readonly rows: readonly [readonly number[], readonly number[], readonly number[]] });

export interface BlockNames {
  readonly ln1: NormNames;
  readonly ln2: NormNames;
  /** Of what attention and MLP write; null unless `config.postNorms`. */
  readonly ln1Post: NormNames | null;
  readonly ln2Post: NormNames | null;
  readonly qkv: QkvNames;
  readonly o: LinearNames;
  /** Gains over d_head; null unless `config.qkNorm`. */
  readonly qNorm: NormNames | null;
  readonly kNorm: NormNames | null;
  readonly mlp: { readonly in: LinearNames; readonly gate: LinearNames | null; readonly out: LinearNames };
}

/** Which tensor of a checkpoint is which canonical weight, by Hugging Face's names. Shapes follow from the `ModelConfig`. */
export interface CheckpointNames {
  readonly embed: string;
  /** Learned positions. */
  readonly pos: string | null;
  readonly final: NormNames;
  /** Read only where the embeddings are not tied. */
  readonly unembed: string;
  block(layer: number): BlockNames;
}

/** from, …, to − 1. */
export const rowRange = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
