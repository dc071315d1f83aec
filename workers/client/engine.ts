import type { WireError } from '../../core/protocol/errors.ts';
import type {
  BackendChoice,
  Files,
  Loaded,
  Memory,
  Priority,
  Progress,
  Provenance,
  Ready,
  SpecHash,
} from '../../core/protocol/messages.ts';
import type { HubAccess } from '../../core/files/hub.ts';
import type { Quantization } from '../../core/model-config.ts';
import type { ExperimentSpec } from '../../core/spec/schema.ts';

/** What the ready handshake told: which backend runs, why, on what, with which limits. */
export type EngineInfo = Omit<Ready, 'type' | 'id' | 'protocol'>;

export type EngineStatus =
  /** Nothing was asked yet; the worker does not exist. */
  | { readonly state: 'idle' }
  | { readonly state: 'starting' }
  | { readonly state: 'ready'; readonly info: EngineInfo }
  /** The device was lost or the worker died; it is being started again. `info` is that of before. */
  | { readonly state: 'recovering'; readonly reason: string; readonly info: EngineInfo | null }
  /** It does not start, or was lost twice. `setBackend` tries again; the page offers `wasm`. */
  | { readonly state: 'failed'; readonly error: WireError };

/** Immutable; a new object on each change, so it serves as the snapshot of `useSyncExternalStore`. */
export interface EngineSnapshot {
  readonly status: EngineStatus;
  /** What the reader asked for; `auto` until they choose. */
  readonly backend: BackendChoice;
  /** The last count; null until there was one. */
  readonly memory: Memory | null;
}

export interface EngineRunOptions {
  readonly signal?: AbortSignal;
  /** One run runs and one waits per slot; a newer one replaces the waiting one. */
  readonly slot?: string;
  /** Default `interactive`. */
  readonly priority?: Priority;
  /** Called in order, `seq` ascending. Not called for an answer that comes from the cache. */
  readonly onChunk?: (payload: unknown, seq: number) => void;
  readonly onProgress?: (progress: Progress) => void;
  /** Compute anew even where the answer is known. */
  readonly fresh?: boolean;
}

export interface EngineAnswer {
  readonly payload: unknown;
  readonly provenance: Provenance;
  readonly specHash: SpecHash;
  /** The same experiment was run before in this session, and this is that result. */
  readonly cached: boolean;
}

export interface EngineLoadOptions {
  readonly quantization?: Quantization;
  readonly saes?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** The engine as the page sees it. `EngineClient` talks to the worker; `FakeEngine` replays what was recorded. */
export interface Engine {
  /** Starts the worker now rather than with the first run. */
  start(): void;
  /**
   * Runs an experiment. Rejects with `Cancelled` when its signal aborts or a newer run takes its place in the slot,
   * else with a VitrineError. After `worker-died` and `device-lost` the engine starts again by itself.
   */
  run(spec: ExperimentSpec, options?: EngineRunOptions): Promise<EngineAnswer>;
  /** Brings a model (and SAEs) into memory ahead of a run. */
  load(model: string, options?: EngineLoadOptions): Promise<Loaded>;
  /** Frees a model or an SAE (`<model>/<sae>`), or everything. */
  release(target?: string): Promise<void>;
  /**
   * Makes files of this device a model of this tab, `local:<name>`, which `load` and runs then name. Nothing is read yet, and
   * nothing leaves the tab. Files given before under that id are forgotten.
   * @param quantization how its weights are to be held; default: in the usual way
   */
  addFiles(model: string, files: Files['files'], quantization?: Quantization): void;
  /** Forgets such files, and frees what was loaded of them. */
  removeFiles(model: string): Promise<void>;
  /** Lets models of the Hub be opened that the reader has confirmed; what was let in before stays. */
  allow(hub: HubAccess): void;
  /** Restarts on another backend. What runs ends with `Cancelled`; known answers are forgotten, as they name the old backend. */
  setBackend(choice: BackendChoice): void;
  snapshot(): EngineSnapshot;
  /** @returns a function that ends the subscription */
  subscribe(listener: () => void): () => void;
  /** Ends the worker for good. */
  dispose(): void;
}
