import { createStore, type StoreApi } from 'zustand/vanilla';
import { toWireError, VitrineError, type WireError } from '../../core/protocol/errors.ts';
import type { SpecHash } from '../../core/protocol/messages.ts';
import {
  completeSpec,
  hashSpec,
  LIMITS,
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
  /** Writes what the reader has to local storage, with whatever problem it has. @returns whether it is stored */
  save(lab: string): boolean;
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
      return kept === null ? null : revived(kept, definition(id));
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
      return draft !== undefined && writeLocal(storage, key(id), minimalSpec(draft.spec, definition(id)));
    },
  };
}

function complete(spec: ExperimentSpec, lab: LabDefinition): Draft {
  const full = completeSpec(spec, lab);
  return { spec: full, hash: hashSpec(full, lab), problem: null };
}

/** Characters of a stored prompt beyond which it was not typed or pasted here. */
const MOST_KEPT = 5_000_000;

/**
 * A draft as it was stored. A prompt longer than an experiment may carry comes back whole, with its problem: it was typed
 * here, and links and files never get it in. Throws VitrineError for anything else that is no experiment of the lab.
 */
function revived(kept: unknown, lab: LabDefinition): Draft {
  const texts: (string | null)[] = [];
  const prompts = (kept as { readonly prompts?: unknown } | null)?.prompts;
  const shortened = Array.isArray(prompts)
    ? prompts.map((prompt: unknown, i) => {
        const text = (prompt as { readonly text?: unknown } | null)?.text;
        const long = typeof text === 'string' && text.length > LIMITS.promptCharacters && text.length <= MOST_KEPT;
        texts[i] = long ? text : null;
        return long ? { ...(prompt as object), text: text.slice(0, LIMITS.promptCharacters) } : prompt;
      })
    : prompts;
  const short = complete(parseSpec({ ...(kept as object), prompts: shortened }), lab);
  if (texts.every((text) => (text ?? null) === null)) return short;
  const whole = short.spec.prompts.map((prompt, i) => {
    const text = texts[i] ?? null;
    return text !== null && 'text' in prompt ? { ...prompt, text } : prompt;
  });
  return changed({ ...short.spec, prompts: whole }, short, lab);
}

/** A change that breaks the lab's own schema is refused and said; one that breaks the envelope (a prompt too long) is kept and said. */
function changed(spec: ExperimentSpec, before: Draft, lab: LabDefinition): Draft {
  try {
    const after = complete(spec, lab);
    try {
      parseSpec(spec);
      return after;
    } catch (error) {
      return { ...after, problem: toWireError(tooLong(spec) ?? error) };
    }
  } catch (error) {
    return { ...before, problem: toWireError(error) };
  }
}

/** In words where a prompt is too long; null where none is. */
function tooLong({ prompts }: ExperimentSpec): VitrineError | null {
  const at = prompts.findIndex((prompt) => 'text' in prompt && prompt.text.length > LIMITS.promptCharacters);
  const prompt = prompts[at];
  if (!prompt || !('text' in prompt)) return null;
  const [has, most] = [prompt.text.length, LIMITS.promptCharacters].map((n) => n.toLocaleString('en'));
  return new VitrineError(
    'bad-spec',
    `prompts.${at}: it has ${has} characters; an experiment holds at most ${most}. It is kept in this browser as it stands, but neither runs nor goes into a link`,
  );
}
