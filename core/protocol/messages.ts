import type { HubAccess } from '../files/hub.ts';
import type { BackendName, ModelConfig, Quantization } from '../model-config.ts';
import type { ExperimentSpec } from '../spec/schema.ts';
import type { WireError } from './errors.ts';

export const PROTOCOL_VERSION = 1;

declare const runBrand: unique symbol;
export type RunId = string & { readonly [runBrand]: true };
declare const hashBrand: unique symbol;
/** SHA-256 of the canonical spec, in lower-case hex. */
export type SpecHash = string & { readonly [hashBrand]: true };

export type BackendChoice = BackendName | 'auto';
export type Priority = 'interactive' | 'background';

/** Where things are fetched from, and what the reader chose. Sent first. */
export interface Hello {
  readonly type: 'hello';
  readonly id: string;
  readonly protocol: number;
  readonly backend: BackendChoice;
  /** Base URL of the site, ending in `/`: bundles are looked up below it. */
  readonly base: string;
  readonly commit: string;
}
export interface Load {
  readonly type: 'load';
  readonly id: string;
  readonly model: string;
  readonly quantization?: Quantization;
  readonly saes?: readonly string[];
}
export interface Run {
  readonly type: 'run';
  readonly id: RunId;
  readonly spec: ExperimentSpec;
  readonly slot?: string;
  readonly priority: Priority;
}
export interface Cancel {
  readonly type: 'cancel';
  readonly id: string;
}
/** Frees a model or an SAE (or, without `target`, all of them). */
export interface Release {
  readonly type: 'release';
  readonly id: string;
  readonly target?: string;
}
/** What of the Hub may be opened from now on, in addition to what was said before. Without an answer, as `cancel` is. */
export interface Hub extends HubAccess {
  readonly type: 'hub';
  readonly id: string;
}
/** What is used of the platform's `Blob` (and so of a dropped `File`). */
export interface BlobLike {
  readonly size: number;
  slice(from?: number, to?: number): BlobLike;
  arrayBuffer(): Promise<ArrayBuffer>;
}
/** Files of this device as a model, until the tab closes. Without an answer, as `cancel` is; what is wrong with them `load` tells. */
export interface Files {
  readonly type: 'files';
  readonly id: string;
  /** `local:<name>`. */
  readonly model: string;
  /** A GGUF file or its splits, or safetensors files with config.json and tokenizer.json. Blobs are not copied. None: they are forgotten. */
  readonly files: readonly { readonly name: string; readonly blob: BlobLike }[];
  /** How the reader wants its weights to be held; absent: in the usual way. */
  readonly quantization?: Quantization | undefined;
}
export type Request = Hello | Load | Run | Cancel | Release | Hub | Files;

export interface Ready {
  readonly type: 'ready';
  readonly id: string;
  readonly protocol: number;
  readonly backend: BackendName;
  readonly adapter: string | null;
  readonly software: boolean;
  readonly threads: number | null;
  /** One sentence: why this backend. */
  readonly reason: string;
  readonly limits: Readonly<Record<string, number>>;
  readonly features: readonly string[];
}
export interface Progress {
  readonly type: 'progress';
  readonly id: string;
  readonly phase: string;
  readonly done: number;
  readonly total: number;
  readonly unit: string;
}
/** Chunk payloads are copied, not transferred: a lab may put the same tensors into its result, whose buffers are transferred. */
export interface Chunk {
  readonly type: 'chunk';
  readonly id: string;
  /** Increases by one from 0 within a run. */
  readonly seq: number;
  readonly payload: unknown;
}
export interface Provenance {
  readonly commit: string;
  readonly specHash: SpecHash;
  readonly lab: string;
  readonly labV: number;
  readonly model: { readonly id: string; readonly digest: string; readonly quantization: Quantization };
  readonly saes: readonly { readonly id: string; readonly digest: string }[];
  readonly backend: BackendName;
  readonly adapter: string | null;
  readonly seed: number | null;
  readonly bos: boolean;
  readonly ablation: string | null;
  readonly milliseconds: number;
}
export interface Result {
  readonly type: 'result';
  readonly id: string;
  readonly specHash: SpecHash;
  readonly provenance: Provenance;
  readonly payload: unknown;
}
/** Answer to `load`: what is now in memory. */
export interface Loaded {
  readonly type: 'loaded';
  readonly id: string;
  readonly model: string;
  readonly config: ModelConfig;
  readonly quantization: Quantization;
  readonly digest: string;
  readonly bytes: number;
}
export interface Released {
  readonly type: 'released';
  readonly id: string;
}
export interface Failed {
  readonly type: 'failed';
  readonly id: string;
  readonly error: WireError;
}
export interface CancelledEvent {
  readonly type: 'cancelled';
  readonly id: string;
  /** `superseded`: a newer run took the slot. */
  readonly reason: 'asked' | 'superseded';
}
export interface DeviceLost {
  readonly type: 'device-lost';
  readonly reason: string;
  readonly recovering: boolean;
}
export interface Memory {
  readonly type: 'memory';
  readonly deviceBytes: number;
  readonly tensors: number;
  readonly models: readonly { readonly id: string; readonly bytes: number; readonly quantization: Quantization }[];
  readonly saes: readonly { readonly id: string; readonly bytes: number }[];
}
export type Event = Ready | Progress | Chunk | Result | Loaded | Released | Failed | CancelledEvent | DeviceLost | Memory;

/** Events after which nothing more comes for that id. */
export type Terminal = Ready | Result | Loaded | Released | Failed | CancelledEvent;
export function isTerminal(event: Event): event is Terminal {
  switch (event.type) {
    case 'ready':
    case 'result':
    case 'loaded':
    case 'released':
    case 'failed':
    case 'cancelled':
      return true;
    case 'progress':
    case 'chunk':
    case 'device-lost':
    case 'memory':
      return false;
  }
}
