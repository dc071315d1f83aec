import type { HookName } from '../hooks.ts';
import type { BackendName, Quantization } from '../model-config.ts';

/** A model as its manifest tells of it. */
export interface RecordedModel {
  readonly id: string;
  /** SHA-256 of the weight file. */
  readonly digest: string;
  readonly quantization: string;
  /** Longest text, in tokens. */
  readonly nCtx: number;
  readonly saes: readonly {
    readonly id: string;
    readonly digest: string;
    readonly hookName: HookName;
    readonly architecture: string;
    readonly dSae: number;
  }[];
}

/** What a page has without an engine. */
export interface RecordedIo<Tokenizer> {
  /** A file below the site. Throws VitrineError `not-found` where there is none, `network` where it did not arrive. */
  file(path: string): Promise<Uint8Array>;
  /** Null where the site has no such model, or one whose weights have no digest of their own. */
  model(id: string): Promise<RecordedModel | null>;
  tokenizer(model: string): Promise<Tokenizer>;
}

/** An answer from what ships with the site, and what it was made with. */
export interface RecordedAnswer<Result> {
  readonly result: Result;
  readonly made: {
    readonly model: { readonly id: string; readonly digest: string; readonly quantization: Quantization };
    readonly saes: readonly { readonly id: string; readonly digest: string }[];
    readonly backend: BackendName;
  };
}
