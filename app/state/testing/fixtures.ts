import * as v from 'valibot';
import type { Event, Provenance, RunId, SpecHash } from '../../../core/protocol/messages.ts';
import { completeSpec, hashSpec, type ExperimentSpec, type LabDefinition } from '../../../core/spec/index.ts';
import { FakeEngine, type Recording } from '../../../workers/client/fake-engine.ts';
import type { AddressHost } from '../address.ts';
import { createExperiments, type Experiments } from '../experiment.ts';
import type { LocalStore } from '../persistence.ts';

/** A lab of two settings and two things to look at. */
export function testLab(id: string): LabDefinition<{ readonly depth: number }, { readonly tab: string; readonly token: number }> {
  return {
    id,
    version: 1,
    title: id,
    question: `What is ${id}?`,
    needs: {},
    params: v.strictObject({ depth: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 3) }),
    view: v.strictObject({ tab: v.optional(v.string(), 'first'), token: v.optional(v.number(), 0) }),
    defaults: { v: 1, lab: id, labV: 1, model: 'primer', prompts: [{ text: 'the default' }], params: {} },
  };
}

export const LABS: readonly LabDefinition[] = [testLab('explore'), testLab('other')];

export const withPrompt =
  (text: string) =>
  (spec: ExperimentSpec): ExperimentSpec => ({ ...spec, prompts: [{ text }] });

export function memoryStore(): LocalStore & { readonly items: Map<string, string> } {
  const items = new Map<string, string>();
  return {
    items,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  };
}

/** The address bar and its history, with a clock that a test moves. */
export class FakeAddress implements AddressHost {
  readonly entries: string[];
  at = 0;
  readonly #listeners: (() => void)[] = [];
  #waiting: (() => void)[] = [];

  constructor(fragment = '') {
    this.entries = [fragment];
  }

  fragment = (): string => this.entries[this.at] ?? '';
  replace = (fragment: string): void => void (this.entries[this.at] = fragment);
  push = (fragment: string): void => {
    this.entries.splice(this.at + 1, Infinity, fragment);
    this.at++;
  };
  onChange = (listener: () => void): void => void this.#listeners.push(listener);
  later = (_ms: number, action: () => void): (() => void) => {
    this.#waiting.push(action);
    return () => void (this.#waiting = this.#waiting.filter((known) => known !== action));
  };

  /** Lets the pause pass after which the address follows. */
  pass(): void {
    const due = this.#waiting;
    this.#waiting = [];
    for (const action of due) action();
  }

  /** The reader follows a link, or edits the address. */
  visit(fragment: string): void {
    this.push(fragment);
    for (const listener of this.#listeners) listener();
  }

  back(): void {
    this.at--;
    for (const listener of this.#listeners) listener();
  }
}

/** Experiments with the first lab open, and the hash of any spec of it. */
export function opened(storage: LocalStore | null = null): Experiments {
  const experiments = createExperiments(LABS, storage);
  experiments.open('explore');
  return experiments;
}

export function hashOf(spec: ExperimentSpec): SpecHash {
  const lab = LABS.find(({ id }) => id === spec.lab)!;
  return hashSpec(spec, lab);
}

export function provenance(spec: ExperimentSpec, milliseconds = 12): Provenance {
  return {
    commit: 'test',
    specHash: hashOf(spec),
    lab: spec.lab,
    labV: spec.labV,
    model: { id: spec.model, digest: 'd', quantization: 'int8' },
    saes: [],
    backend: 'cpu',
    adapter: null,
    seed: null,
    bos: true,
    ablation: null,
    milliseconds,
  };
}

const id = 'run' as RunId;
export const chunk = (seq: number, payload: unknown): Event => ({ type: 'chunk', id, seq, payload });
export const resultOf = (spec: ExperimentSpec, payload: unknown): Event => ({
  type: 'result',
  id,
  specHash: hashOf(spec),
  provenance: provenance(spec),
  payload,
});

/** A complete spec of a test lab with this prompt. */
export function specOf(text: string, lab = 'explore'): ExperimentSpec {
  const definition = LABS.find((known) => known.id === lab)!;
  return completeSpec(withPrompt(text)(definition.defaults), definition);
}

/** An engine that goes on only when the test lets it: one step per event. */
export function steppedEngine(recordings: readonly Recording[]): { engine: FakeEngine; step: () => Promise<void> } {
  const gates: (() => void)[] = [];
  const engine = new FakeEngine({ recordings, pace: () => new Promise((resolve) => gates.push(resolve)) });
  const step = async (): Promise<void> => {
    for (let tries = 0; gates.length === 0 && tries < 50; tries++) await settle();
    gates.shift()?.();
    await settle();
  };
  return { engine, step };
}

export const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
