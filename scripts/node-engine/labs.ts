import type { LabDefinition } from '../../core/spec/index.ts';
import type { LabModule } from '../../workers/runtime/environment.ts';

const specs = import.meta.glob<{ lab: LabDefinition }>('../../labs/*/spec.ts');
const runs = import.meta.glob<Pick<LabModule, 'run'>>('../../labs/*/run.ts');
const examples = import.meta.glob<{ default: readonly LabExample[] }>('../../labs/*/examples.json');

/** One entry of `labs/<id>/examples.json`. */
export interface LabExample {
  readonly title: string;
  readonly about: string;
  readonly spec: unknown;
}

/** Ids of all labs, in alphabetical order. */
export const labIds: readonly string[] = Object.keys(specs)
  .map((path) => path.split('/').at(-2) ?? '')
  .sort();

/** A lab's definition without its code; null where there is none. */
export async function labDefinition(id: string): Promise<LabDefinition | null> {
  const load = specs[`../../labs/${id}/spec.ts`];
  return load ? (await load()).lab : null;
}

/** What the host runs; null where there is no such lab. */
export async function labModule(id: string): Promise<LabModule | null> {
  const lab = await labDefinition(id);
  const load = runs[`../../labs/${id}/run.ts`];
  return lab && load ? { lab, run: (await load()).run } : null;
}

export async function labExamples(id: string): Promise<readonly LabExample[]> {
  const load = examples[`../../labs/${id}/examples.json`];
  return load ? (await load()).default : [];
}
