import { createStore, type StoreApi } from 'zustand/vanilla';
import { Cancelled, toWireError, type WireError } from '../../core/protocol/errors.ts';
import type { Progress, Provenance, SpecHash } from '../../core/protocol/messages.ts';
import { reviveResult } from '../../core/protocol/wire-tensor.ts';
import type { ExperimentSpec } from '../../core/spec/index.ts';
import type { Engine } from '../../workers/client/engine.ts';
import type { ResultSource } from './lab-panel.ts';
import type { Persistence } from './persistence.ts';

export interface ResultEntry {
  readonly result: unknown;
  readonly source: ResultSource;
  readonly provenance: Provenance;
}

/** What a panel has shown and what works for it. */
export interface PanelState {
  /** The last experiment of this panel that has a result. */
  readonly shown: SpecHash | null;
  /** Runs that work or wait. */
  readonly active: number;
  readonly chunks: readonly unknown[];
  /** The experiment that `chunks` and `progress` are of. */
  readonly streaming: SpecHash | null;
  readonly progress: Progress | null;
  /** Why the last run failed, and which experiment it was of. Kept beside the last result. */
  readonly failure: { readonly hash: SpecHash; readonly error: WireError } | null;
}

export interface ResultsState {
  /** By hash of the science. */
  readonly entries: Readonly<Record<string, ResultEntry>>;
  /** By lab. */
  readonly panels: Readonly<Record<string, PanelState>>;
}

export const RESULTS_PERSISTENCE: Persistence<ResultsState> = {
  entries: { url: false, local: false, export: true },
  panels: { url: false, local: false, export: false },
};

export const IDLE_PANEL: PanelState = { shown: null, active: 0, chunks: [], streaming: null, progress: null, failure: null };
/** Results kept at hand; the engine's client keeps more. */
const KEPT = 24;

export interface RunRequest {
  readonly lab: string;
  /** Complete or minimal; equal experiments share a hash. */
  readonly spec: ExperimentSpec;
  readonly hash: SpecHash;
  /** `asked`: ends what the panel still runs. `follow`: waits for it, and is itself replaced by a newer one. */
  readonly mode: 'asked' | 'follow';
  /** Show what streams in whatever the mode. */
  readonly streams?: boolean;
}

export interface Results {
  readonly store: StoreApi<ResultsState>;
  run(request: RunRequest): Promise<void>;
  stop(lab: string): void;
  /** Fetches a recorded result and shows it, unless a live one is there. Resolves to whether something is shown. */
  showRecorded(lab: string, hash: SpecHash): Promise<boolean>;
  /** Shows an answer that is being read from stored files, unless there is one by then. Null: there is none. Until then it works. */
  showStored(lab: string, hash: SpecHash, reading: Promise<ResultEntry | null>): Promise<void>;
  dismiss(lab: string): void;
}

export interface ResultsOptions {
  readonly engine: () => Engine;
  /** Fetches JSON below the site; null where there is no such file. */
  readonly fetchJson: (path: string) => Promise<unknown>;
  /** Calls back with the next frame. */
  readonly frame: (action: () => void) => void;
}

/** Results by experiment: recorded ones first, replaced by live ones. */
export function createResults({ engine, fetchJson, frame }: ResultsOptions): Results {
  const store = createStore<ResultsState>(() => ({ entries: {}, panels: {} }));
  const running = new Map<string, Set<AbortController>>();
  const panel = (lab: string): PanelState => store.getState().panels[lab] ?? IDLE_PANEL;
  const patch = (lab: string, change: Partial<PanelState>): void =>
    store.setState(({ panels }) => ({ panels: { ...panels, [lab]: { ...(panels[lab] ?? IDLE_PANEL), ...change } } }));
  const put = (lab: string, hash: SpecHash, entry: ResultEntry, change: Partial<PanelState> = {}): void =>
    store.setState(({ entries, panels }) => ({
      entries: keepNewest({ ...without(entries, hash), [hash]: entry }),
      panels: { ...panels, [lab]: { ...(panels[lab] ?? IDLE_PANEL), ...change, shown: hash } },
    }));

  const attempt = async (request: RunRequest, signal: AbortSignal): Promise<void> => {
    const { lab, spec, hash, mode, streams = false } = request;
    const feed = coalesce(frame, (chunks: readonly unknown[], progress: Progress | null) => {
      const before = panel(lab);
      const own = before.streaming === hash;
      patch(lab, {
        streaming: hash,
        chunks: !own ? chunks : chunks.length === 0 ? before.chunks : [...before.chunks, ...chunks],
        progress: progress ?? (own ? before.progress : null),
      });
    });
    if (panel(lab).streaming === hash) patch(lab, { streaming: null, chunks: [], progress: null });
    try {
      const answer = await engine().run(spec, {
        signal,
        slot: `panel:${lab}`,
        // While one types, half pictures would only flicker: a quick run is drawn whole.
        ...(mode === 'asked' || streams || panel(lab).shown === null
          ? { onChunk: (payload: unknown) => feed.chunk(payload) }
          : {}),
        onProgress: (progress) => feed.progress(progress),
      });
      put(lab, hash, { result: answer.payload, source: 'live', provenance: answer.provenance }, { failure: null });
    } finally {
      feed.close();
      if (panel(lab).streaming === hash) patch(lab, { streaming: null, chunks: [], progress: null });
    }
  };

  return {
    store,
    async run(request) {
      const { lab, hash } = request;
      const own = running.get(lab) ?? new Set();
      running.set(lab, own);
      if (request.mode === 'asked') for (const controller of own) controller.abort();
      const controller = new AbortController();
      own.add(controller);
      patch(lab, { active: panel(lab).active + 1, failure: null });
      try {
        await attempt(request, controller.signal).catch((error: unknown) =>
          recoverable(error)
            ? again(() => attempt(request, controller.signal), engine(), controller.signal, error)
            : Promise.reject(error),
        );
      } catch (error) {
        if (!(error instanceof Cancelled)) patch(lab, { failure: { hash, error: toWireError(error) } });
      } finally {
        own.delete(controller);
        patch(lab, { active: panel(lab).active - 1 });
      }
    },
    stop(lab) {
      for (const controller of running.get(lab) ?? []) controller.abort();
    },
    async showRecorded(lab, hash) {
      if (!store.getState().entries[hash]) {
        const entry = readRecorded(await fetchJson(`examples/${hash}.json`), hash);
        if (!entry) return false;
        if (!store.getState().entries[hash]) put(lab, hash, entry);
      }
      if (panel(lab).shown === null) patch(lab, { shown: hash });
      return true;
    },
    async showStored(lab, hash, reading) {
      patch(lab, { active: panel(lab).active + 1 });
      try {
        const entry = await reading;
        if (entry && !store.getState().entries[hash]) put(lab, hash, entry);
      } finally {
        patch(lab, { active: panel(lab).active - 1 });
      }
    },
    dismiss: (lab) => patch(lab, { failure: null }),
  };
}

const recoverable = (error: unknown): boolean => ['device-lost', 'worker-died'].includes(toWireError(error).code);

/** Runs once more when the engine has recovered; where it does not, the first error stands. */
async function again(action: () => Promise<void>, engine: Engine, signal: AbortSignal, error: unknown): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const check = (): boolean => {
      const { state } = engine.snapshot().status;
      if (state === 'recovering' || state === 'starting') return false;
      if (state === 'ready') resolve();
      else reject(error);
      return true;
    };
    if (check()) return;
    const end = engine.subscribe(() => check() && end());
    signal.addEventListener('abort', () => {
      end();
      reject(new Cancelled());
    });
  });
  await action();
}

/** Gathers what streams in, so that the store is written once per frame. */
function coalesce(
  frame: (action: () => void) => void,
  write: (chunks: readonly unknown[], progress: Progress | null) => void,
): { chunk(payload: unknown): void; progress(progress: Progress): void; close(): void } {
  let chunks: unknown[] = [];
  let latest: Progress | null = null;
  let waiting = false;
  let closed = false;
  const soon = (): void => {
    if (waiting) return;
    waiting = true;
    frame(() => {
      waiting = false;
      if (closed) return;
      write(chunks, latest);
      chunks = [];
      latest = null;
    });
  };
  return {
    chunk(payload) {
      chunks.push(payload);
      soon();
    },
    progress(progress) {
      latest = progress;
      soon();
    },
    close() {
      closed = true;
    },
  };
}

/** A recorded file, `{specHash, provenance, result}` in plain form; null for anything else. */
function readRecorded(file: unknown, hash: SpecHash): ResultEntry | null {
  if (typeof file !== 'object' || file === null || !('specHash' in file) || !('provenance' in file) || !('result' in file))
    return null;
  if (file.specHash !== hash || typeof file.provenance !== 'object' || file.provenance === null) return null;
  return { result: reviveResult(file.result), source: 'recorded', provenance: file.provenance as Provenance };
}

function without<T>(record: Readonly<Record<string, T>>, key: string): Record<string, T> {
  const { [key]: _dropped, ...rest } = record;
  return rest;
}

const keepNewest = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).slice(-KEPT));
