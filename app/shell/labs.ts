import type { SpecHash } from '../../core/protocol/messages.ts';
import { hashSpec, minimalSpec, parseSpec, type ExperimentSpec, type LabDefinition } from '../../core/spec/index.ts';
import type { RecordedAnswer, RecordedIo } from '../../core/spec/recorded.ts';
import type { Tokenizer } from '../../workers/api.ts';
import type { LabView } from '../state/lab-panel.ts';

/** A named experiment of a lab: `labs/<id>/examples.json`. */
export interface LabExample {
  readonly title: string;
  readonly about: string;
  /** Without defaults. */
  readonly spec: ExperimentSpec;
  readonly hash: SpecHash;
}

const definitions = import.meta.glob<LabDefinition>('../../labs/*/spec.ts', { eager: true, import: 'lab' });
const views = import.meta.glob<LabView>('../../labs/*/view.tsx', { import: 'view' });
const examples = import.meta.glob<readonly Omit<LabExample, 'hash'>[]>('../../labs/*/examples.json', { import: 'default' });
const recordings = import.meta.glob<RecordedModule>('../../labs/*/recorded.ts');
const readmes = import.meta.glob<string>('../../labs/*/README.md', { query: '?raw', import: 'default' });

/** Every lab that is built into this site; its view comes only when it is opened. */
export const LABS: readonly LabDefinition[] = Object.values(definitions);

const failed = new Set<() => void>();

/** Lets what did not arrive be asked for again. */
export function forgetFailedLoads(): void {
  for (const forget of failed) forget();
  failed.clear();
}

const cached = <T>(load: (lab: string) => Promise<T>): ((lab: string) => Promise<T>) => {
  const known = new Map<string, Promise<T>>();
  return (lab) => {
    const before = known.get(lab);
    if (before) return before;
    const promise = load(lab);
    known.set(lab, promise);
    promise.catch(() => failed.add(() => known.delete(lab)));
    return promise;
  };
};

const at = async <T>(modules: Readonly<Record<string, () => Promise<T>>>, path: string): Promise<T> => {
  const load = modules[`../../labs/${path}`];
  if (!load) throw new Error(`labs/${path} is not part of this site`);
  return load();
};

export const loadView: (lab: string) => Promise<LabView> = cached((lab) => at(views, `${lab}/view.tsx`));
export const loadExamples: (lab: string) => Promise<readonly LabExample[]> = cached(async (lab) => {
  const found = await at(examples, `${lab}/examples.json`);
  const definition = LABS.find(({ id }) => id === lab);
  if (!definition) return [];
  return found.map(({ title, about, spec }) => {
    const minimal = minimalSpec(parseSpec(spec), definition);
    return { title, about, spec: minimal, hash: hashSpec(minimal, definition) };
  });
});

/** `labs/<id>/recorded.ts`: answers from stored files, without an engine. */
export interface RecordedModule {
  recorded(spec: ExperimentSpec, io: RecordedIo<Tokenizer>): Promise<RecordedAnswer<unknown> | null>;
}
/** Null for a lab that has only the results of its examples. */
export const loadRecorded = (lab: string): Promise<RecordedModule> | null =>
  recordings[`../../labs/${lab}/recorded.ts`]?.() ?? null;

export const loadReadme: (lab: string) => Promise<string> = cached((lab) => at(readmes, `${lab}/README.md`));
