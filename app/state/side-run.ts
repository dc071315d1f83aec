import { useEffect, useMemo } from 'react';
import { useStore } from 'zustand';
import { useShallow } from 'zustand/react/shallow';
import { createStore, type StoreApi } from 'zustand/vanilla';
import { toWireError, type WireError } from '../../core/protocol/errors.ts';
import type { Provenance, SpecHash } from '../../core/protocol/messages.ts';
import { completeSpec, hashSpec, type ExperimentSpec, type LabDefinition } from '../../core/spec/index.ts';
import { IDLE_PANEL, type Results, type ResultsState } from './results.ts';

/** What a panel needs of the page to run another lab's experiment beside its own. */
export interface SideRuns {
  readonly results: Results;
  readonly definition: (lab: string) => LabDefinition | undefined;
  /** Whether the model is here, or may be fetched without asking. */
  readonly mayRun: (model: string) => boolean;
}

let shared: SideRuns | null = null;

/** Lets panels run other labs' experiments with the page's own engine. */
export function shareSideRuns(runs: SideRuns): void {
  shared = runs;
}

/** An experiment that a panel shows beside its own. */
export interface SideRun<Result, Chunk> {
  /** The newest answer; while a newer question works it is that of before (`stale`). */
  readonly result: Result | null;
  readonly provenance: Provenance | null;
  readonly stale: boolean;
  readonly chunks: readonly Chunk[];
  readonly running: boolean;
  readonly error: WireError | null;
  run(): void;
  stop(): void;
}

const NOTHING: StoreApi<ResultsState> = createStore<ResultsState>(() => ({ entries: {}, panels: {} }));

/**
 * Runs an experiment of any lab in a slot of its own: one works and one waits, a newer one takes the place of the waiting one.
 * @param place  whose slot it is, `<lab>/<what>`: no other panel uses it
 * @param follow runs by itself, and again whenever the experiment changes
 */
export function useSideRun<Result, Chunk>(place: string, spec: ExperimentSpec, follow: boolean): SideRun<Result, Chunk> {
  const asked = useMemo(() => prepare(spec), [spec]);
  const { hash } = asked;
  const { panel, exact, before } = useStore(
    shared?.results.store ?? NOTHING,
    useShallow(({ entries, panels }) => {
      const panel = panels[place] ?? IDLE_PANEL;
      return {
        panel,
        exact: hash === null ? undefined : entries[hash],
        before: panel.shown === null ? undefined : entries[panel.shown],
      };
    }),
  );
  const run = useMemo(
    () =>
      (mode: 'asked' | 'follow'): void => {
        if (shared && asked.hash && shared.mayRun(asked.spec.model))
          void shared.results.run({ lab: place, spec: asked.spec, hash: asked.hash, mode, streams: true });
      },
    [asked, place],
  );
  const known = exact !== undefined;
  useEffect(() => {
    if (follow && !known) run('follow');
    // What is known by the time the experiment changes needs no run; what becomes known later is its answer.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [follow, run]);
  useEffect(() => () => shared?.results.stop(place), [place]);
  const entry = exact ?? before;
  const own = panel.streaming === hash;
  return {
    result: (entry?.result as Result | undefined) ?? null,
    provenance: entry?.provenance ?? null,
    stale: entry !== undefined && exact === undefined,
    chunks: own ? (panel.chunks as readonly Chunk[]) : [],
    running: panel.active > 0,
    error: asked.error ?? (panel.failure?.hash === hash ? panel.failure.error : null),
    run: () => run('asked'),
    stop: () => shared?.results.stop(place),
  };
}

interface Asked {
  readonly spec: ExperimentSpec;
  readonly hash: SpecHash | null;
  readonly error: WireError | null;
}

function prepare(spec: ExperimentSpec): Asked {
  const definition = shared?.definition(spec.lab);
  if (!definition) return { spec, hash: null, error: null };
  try {
    const complete = completeSpec(spec, definition);
    return { spec: complete, hash: hashSpec(complete, definition), error: null };
  } catch (error) {
    return { spec, hash: null, error: toWireError(error) };
  }
}
