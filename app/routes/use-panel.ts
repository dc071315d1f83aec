import { useDeferredValue, useMemo } from 'react';
import type { Progress } from '../../core/protocol/messages.ts';
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
  const hash = draft?.hash;
  const newest = useStore(
    results.store,
    useShallow(({ panels, entries }) => {
      const panel = panels[lab] ?? IDLE_PANEL;
      const exact = hash === undefined ? undefined : entries[hash];
      return { panel, entry: exact ?? (panel.shown === null ? undefined : entries[panel.shown]) };
    }),
  );
  // Typing goes first: a new picture is drawn when there is time, and dropped for a newer one.
  const { panel, entry } = useDeferredValue(newest);
  const actions = useMemo(
    () => ({
      setView: (patch: object) => experiments.setView(lab, patch),
      setSpec: (change: Parameters<LabPanelProps['setSpec']>[0]) => experiments.setSpec(lab, change),
      run: () => runNow(lab),
      stop: () => results.stop(lab),
    }),
    [lab],
  );
  // Not all of `panel`: how far a run is changes many times a second, and no picture shows it.
  const { streaming, chunks, active, failure } = panel;
  return useMemo(() => {
    if (!draft) return null;
    const own = streaming === draft.hash;
    // A failure of another experiment is over, unless the engine itself is what failed.
    const failed = failure !== null && (failure.hash === draft.hash || failure.error.retryable) ? failure.error : null;
    return {
      spec: draft.spec as CompleteSpec,
      result: entry?.result ?? null,
      source: entry?.source ?? null,
      provenance: entry?.provenance ?? null,
      chunks: own ? chunks : NO_CHUNKS,
      running: active > 0,
      stale: entry !== undefined && entry.provenance.specHash !== draft.hash,
      error: draft.problem ?? failed,
      ...actions,
    };
  }, [draft, streaming, chunks, active, failure, entry, actions]);
}

/** How far the run is that works now; null where none does. */
export function useProgress(lab: string): Progress | null {
  const hash = useStore(experiments.store, ({ drafts }) => drafts[lab]?.hash);
  return useStore(results.store, ({ panels }) => {
    const panel = panels[lab];
    return panel && panel.streaming === hash ? panel.progress : null;
  });
}

const NO_CHUNKS: readonly unknown[] = [];
