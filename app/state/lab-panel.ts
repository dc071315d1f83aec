import type { ComponentType } from 'react';
import type { WireError } from '../../core/protocol/errors.ts';
import type { Provenance } from '../../core/protocol/messages.ts';
import type { ExperimentSpec } from '../../core/spec/index.ts';

/** Where the numbers on screen come from. */
export type ResultSource =
  /** Recorded with the same engine and shipped with the page. */
  | 'recorded'
  /** Computed in this tab. */
  | 'live';

/** One experiment as a lab's panel sees it. `Result` and `Chunk` are the lab's own types (`result.ts`). */
export interface LabPanelProps<Params extends object = object, View extends object = object, Result = unknown, Chunk = unknown> {
  /** Complete: every default filled in. */
  readonly spec: ExperimentSpec & { readonly params: Params; readonly view: View };
  /** The last finished result; it may belong to an earlier spec while a newer run works (`stale`). */
  readonly result: Result | null;
  readonly source: ResultSource | null;
  readonly provenance: Provenance | null;
  /** Chunks of the run that works now, in order; empty when none does. */
  readonly chunks: readonly Chunk[];
  readonly running: boolean;
  /** `result` answers an earlier question than `spec` asks. */
  readonly stale: boolean;
  readonly error: WireError | null;
  /** Changes what is selected, pinned, zoomed: never reruns, follows into the link. */
  setView(patch: Partial<View>): void;
  /** Changes the experiment itself; the link follows at once, a run starts when `run` is called or the engine is live. */
  setSpec(change: (spec: ExperimentSpec) => ExperimentSpec): void;
  /** Runs the experiment as it stands now; starts the engine (and its download) if need be. */
  run(): void;
  /** Stops the run. */
  stop(): void;
}

/** A piece of a panel that an embed can do without; the panel wraps it in `Part` of `app/state/embed-parts.tsx`. */
export interface LabPart {
  readonly id: string;
  readonly label: string;
}

/** What `labs/<id>/view.tsx` exports as `view`. */
export interface LabView<Params extends object = object, View extends object = object, Result = unknown, Chunk = unknown> {
  readonly Panel: ComponentType<LabPanelProps<Params, View, Result, Chunk>>;
  /** What embeds can choose from, in the order in which it stands on the page. */
  readonly parts?: readonly LabPart[];
}
