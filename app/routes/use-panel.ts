import { useMemo } from 'react';
import { useStore } from 'zustand';
import { useShallow } from 'zustand/react/shallow';
import { experiments, results } from '../shell/app.ts';
import { runNow } from '../shell/live.ts';
import type { CompleteSpec } from '../state/experiment.ts';
import type { LabPanelProps } from '../state/lab-panel.ts';
import { IDLE_PANEL } from '../state/results.ts';

/** What a lab's panel gets: the experiment before the reader, and what is known about its answer. */
export function usePanel(lab: string): LabPanelProps | null {
  const draft = useStore(experiments.store, ({ drafts }) => drafts[lab]);
  const panel = useStore(results.store, ({ panels }) => panels[lab] ?? IDLE_PANEL);
  const hash = draft?.hash;
  const [exact, last] = useStore(
    results.store,
    useShallow(({ entries }) => [
      hash === undefined ? undefined : entries[hash],
      panel.shown === null ? undefined : entries[panel.shown],
    ]),
  );
  const actions = useMemo(
    () => ({
      setView: (patch: object) => experiments.setView(lab, patch),
      setSpec: (change: Parameters<LabPanelProps['setSpec']>[0]) => experiments.setSpec(lab, change),
      run: () => runNow(lab),
      stop: () => results.stop(lab),
    }),
    [lab],
  );
  return useMemo(() => {
    if (!draft) return null;
    const entry = exact ?? last;
    const own = panel.streaming === draft.hash;
    const { failure } = panel;
    // A failure of another experiment is over, unless the engine itself is what failed.
    const failed = failure !== null && (failure.hash === draft.hash || failure.error.retryable) ? failure.error : null;
    return {
      spec: draft.spec as CompleteSpec,
      result: entry?.result ?? null,
      source: entry?.source ?? null,
      provenance: entry?.provenance ?? null,
      chunks: own ? panel.chunks : [],
      running: panel.active > 0,
      stale: entry !== undefined && exact === undefined,
      progress: own ? panel.progress : null,
      error: draft.problem ?? failed,
      ...actions,
    };
  }, [draft, panel, exact, last, actions]);
}
