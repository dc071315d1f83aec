import type { HookName } from '../../../core/hooks.ts';
import type { ExperimentSpec, Prompt } from '../../../core/spec/index.ts';
import type { Steer, SteeringParams } from '../spec.ts';

type Change = (spec: ExperimentSpec) => ExperimentSpec;

/** A change of the lab's own parameters. */
export const changeParams =
  (change: (params: SteeringParams) => SteeringParams): Change =>
  (spec) => ({ ...spec, params: { ...change(spec.params as unknown as SteeringParams) } as unknown as ExperimentSpec['params'] });

/** Whatever else changes, a sweep of before would take long to repeat with every step: it has to be asked for again. */
const withoutSweep = (params: SteeringParams): SteeringParams => ({ ...params, sweep: null, grid: null });

/** Another strength. A sweep of this very steer stays: it does not depend on it. */
export const setStrength = (index: number, strength: number): Change =>
  changeParams((params) => {
    const steers = params.steers.map((steer, i) => (i === index ? { ...steer, strength } : steer));
    const kept = <T extends { readonly steer: number }>(asked: T | null): T | null => (asked?.steer === index ? asked : null);
    return { ...params, steers, sweep: kept(params.sweep), grid: kept(params.grid) };
  });

/** Anything else about a steer. */
export const setSteer = (index: number, change: (steer: Steer) => Steer): Change =>
  changeParams((params) => withoutSweep({ ...params, steers: params.steers.map((s, i) => (i === index ? change(s) : s)) }));

export const addSteer = (steer: Steer): Change =>
  changeParams((params) => withoutSweep({ ...params, steers: [...params.steers, steer] }));

export const removeSteer = (index: number): Change =>
  changeParams((params) => withoutSweep({ ...params, steers: params.steers.filter((_, i) => i !== index) }));

export const setSweep = (sweep: SteeringParams['sweep']): Change => changeParams((params) => ({ ...params, sweep }));

export const setGrid = (grid: SteeringParams['grid']): Change => changeParams((params) => ({ ...params, grid }));

/** A contrast at another place and strength: what a grid of it has found. The grid stays, as it does not depend on either. */
export const setCell = (index: number, hook: HookName, strength: number): Change =>
  changeParams((params) => ({
    ...params,
    sweep: null,
    steers: params.steers.map((s, i) => (i === index && s.kind === 'contrast' ? { ...s, hook, strength } : s)),
  }));

/** Another text or chat to go on from: what was answered to the one before is gone. */
export const setPrompt =
  (prompt: Prompt): Change =>
  (spec) =>
    changeParams((params) => withoutSweep({ ...params, turns: [] }))({ ...spec, prompts: [prompt, ...spec.prompts.slice(1)] });

/** The conversations so far. */
export const setTurns = (turns: SteeringParams['turns']): Change => changeParams((params) => withoutSweep({ ...params, turns }));

export const setSampling =
  (change: Partial<NonNullable<ExperimentSpec['sampling']>>, seed: number): Change =>
  (spec) =>
    changeParams(withoutSweep)({ ...spec, sampling: { seed, ...spec.sampling, ...change } });
