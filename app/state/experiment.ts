import { createStore, type StoreApi } from 'zustand/vanilla';
import { toWireError, VitrineError, type WireError } from '../../core/protocol/errors.ts';
import type { SpecHash } from '../../core/protocol/messages.ts';
import {
  completeSpec,
  hashSpec,
  minimalSpec,
  parseSpec,
  type ExperimentSpec,
  type LabDefinition,
} from '../../core/spec/index.ts';
import { readLocal, writeLocal, type LocalStore, type Persistence } from './persistence.ts';

export type CompleteSpec = ExperimentSpec & { readonly params: object; readonly view: object };

/** One lab's experiment as the reader has it before them. */
export interface Draft {
  readonly spec: CompleteSpec;
  /** Of the science, without `view`. */
  readonly hash: SpecHash;
  /** What keeps the spec from being run or shared, while the reader is still typing; else null. */
  readonly problem: WireError | null;
}

export interface ExperimentState {
  /** The lab on screen. */
  readonly lab: string | null;
  readonly drafts: Readonly<Record<string, Draft>>;
  /** The address could not be read; what was there before stays. */
  readonly badLink: { readonly address: string; readonly error: WireError } | null;
}

export const EXPERIMENT_PERSISTENCE: Persistence<ExperimentState> = {
  lab: { url: true, local: false, export: true },
  drafts: { url: true, local: true, export: true },
  badLink: { url: false, local: false, export: false },
};

export interface Experiments {
  readonly store: StoreApi<ExperimentState>;
  definition(lab: string): LabDefinition | undefined;
  /** Shows a lab: with this experiment, else with what the reader had there, else with its defaults. Throws VitrineError. */
  open(lab: string, spec?: ExperimentSpec): void;
  /** Shows a lab with its defaults, whatever the reader had there. */
  openDefaults(lab: string): void;
  setSpec(lab: string, change: (spec: ExperimentSpec) => ExperimentSpec): void;
  setView(lab: string, patch: object): void;
  setBadLink(badLink: ExperimentState['badLink']): void;
  /** Without defaults, as links and files hold it. Throws VitrineError where the draft has a problem. */
  minimal(lab: string): ExperimentSpec;
  /** Writes what the reader has to local storage. */
  save(lab: string): void;
}

const key = (lab: string): string => `vitrine:draft:${lab}`;

/** The experiments before the reader, one per lab. */
export function createExperiments(labs: readonly LabDefinition[], storage: LocalStore | null): Experiments {
  const byId = new Map(labs.map((lab) => [lab.id, lab]));
  const store = createStore<ExperimentState>(() => ({ lab: null, drafts: {}, badLink: null }));
  const definition = (id: string): LabDefinition => {
    const lab = byId.get(id);
    if (!lab) throw new VitrineError('unknown-lab', `there is no lab "${id}"`);
    return lab;
  };
  const show = (lab: string, draft: Draft): void =>
    store.setState(({ drafts }) => ({ lab, badLink: null, drafts: { ...drafts, [lab]: draft } }));
  const put = (lab: string, draft: Draft): void => store.setState(({ drafts }) => ({ drafts: { ...drafts, [lab]: draft } }));
  const stored = (id: string): Draft | null => {
    try {
      const kept = readLocal(storage, key(id));
      return kept === null ? null : complete(parseSpec(kept), definition(id));
    } catch {
      return null;
    }
  };

  return {
    store,
    definition: (id) => byId.get(id),
    open(id, spec) {
      const lab = definition(id);
      if (spec) return show(id, complete(spec, lab));
      show(id, store.getState().drafts[id] ?? stored(id) ?? complete(lab.defaults, lab));
    },
    openDefaults(id) {
      show(id, complete(definition(id).defaults, definition(id)));
    },
    setSpec(id, change) {
      const lab = definition(id);
      const draft = store.getState().drafts[id] ?? complete(lab.defaults, lab);
      put(id, changed(change(draft.spec), draft, lab));
    },
    setView(id, patch) {
      const draft = store.getState().drafts[id];
      if (!draft) return;
      put(
        id,
        changed(
          { ...draft.spec, view: { ...draft.spec.view, ...patch } as ExperimentSpec['view'] & object },
          draft,
          definition(id),
        ),
      );
    },
    setBadLink: (badLink) => store.setState({ badLink }),
    minimal(id) {
      const draft = store.getState().drafts[id];
      if (!draft) throw new VitrineError('bad-spec', 'there is no experiment yet');
      if (draft.problem) throw new VitrineError(draft.problem.code, draft.problem.message);
      return minimalSpec(draft.spec, definition(id));
    },
    save(id) {
      const draft = store.getState().drafts[id];
      if (draft) writeLocal(storage, key(id), minimalSpec(draft.spec, definition(id)));
    },
  };
}

function complete(spec: ExperimentSpec, lab: LabDefinition): Draft {
  const full = completeSpec(spec, lab);
  return { spec: full, hash: hashSpec(full, lab), problem: null };
}

/** A change that breaks the lab's own schema is refused and said; one that breaks the envelope (a prompt too long) is kept and said. */
function changed(spec: ExperimentSpec, before: Draft, lab: LabDefinition): Draft {
  try {
    const after = complete(spec, lab);
    try {
      parseSpec(spec);
      return after;
    } catch (error) {
      return { ...after, problem: toWireError(error) };
    }
  } catch (error) {
    return { ...before, problem: toWireError(error) };
  }
}
