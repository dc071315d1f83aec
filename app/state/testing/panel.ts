import type { ExperimentSpec } from '../../../core/spec/index.ts';
import type { LabPanelProps } from '../lab-panel.ts';

interface Shown<Result, Chunk> {
  readonly result: Result | null;
  readonly chunks: readonly Chunk[];
  readonly stale: boolean;
}

/** What a lab's panel is given where nothing can be pressed: a recorded result, or chunks of a run at work. */
export function panelProps<Params extends object, View extends object, Result, Chunk>(
  spec: ExperimentSpec & { readonly params: Params; readonly view: View },
  { result, chunks, stale }: Shown<Result, Chunk>,
): LabPanelProps<Params, View, Result, Chunk> {
  const nothing = (): void => {};
  return {
    spec,
    result,
    source: result && 'recorded',
    provenance: null,
    chunks,
    running: chunks.length > 0,
    stale,
    error: null,
    setView: nothing,
    setSpec: nothing,
    run: nothing,
    stop: nothing,
  };
}
