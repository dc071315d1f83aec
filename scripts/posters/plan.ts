import { hashSpec, minimalSpec, parseSpec, type ExperimentSpec } from '../../core/spec/index.ts';
import { labDefinition, labExamples, labIds } from '../node-engine/labs.ts';

export interface Planned {
  readonly specHash: string;
  readonly lab: string;
  readonly title: string;
  readonly spec: ExperimentSpec;
}

/** What every lab begins with, and its examples; equal experiments once. `view` is no part of a recorded result. */
export async function plan(): Promise<readonly Planned[]> {
  const planned = new Map<string, Planned>();
  for (const id of labIds) {
    const lab = await labDefinition(id);
    if (!lab) continue;
    const named = [...(await labExamples(id)), { title: lab.title, spec: lab.defaults }];
    for (const { title, spec } of named) {
      const { view: _view, ...science } = minimalSpec(parseSpec(spec), lab);
      const specHash = hashSpec(science, lab);
      if (!planned.has(specHash)) planned.set(specHash, { specHash, lab: id, title, spec: science });
    }
  }
  return [...planned.values()].sort((a, b) => (a.specHash < b.specHash ? -1 : 1));
}
