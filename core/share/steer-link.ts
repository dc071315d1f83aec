import type { ExperimentSpec } from '../spec/schema.ts';
import { labFragment } from './address.ts';

/** Bounds of a strength in a link and in the number field; the slider covers the middle of it. */
export const MAX_STRENGTH = 100;

/** A feature that a page wants turned up or down. */
export interface SteerRequest {
  readonly model: string;
  /** Id of the dictionary. */
  readonly sae: string;
  readonly feature: number;
  /** Multiples of the feature's largest known activation; default 1. */
  readonly strength?: number;
  /** Text to go on from; default: the lab's own. */
  readonly prompt?: string;
}

/** The experiment of the lab `steering` that begins with one feature: `params.steers = [{kind:'feature', sae, feature, strength}]`. */
export function steerSpec({ model, sae, feature, strength, prompt }: SteerRequest): ExperimentSpec {
  return {
    v: 1,
    lab: 'steering',
    labV: 1,
    model,
    saes: [sae],
    prompts: [{ text: prompt ?? 'One day Clara saw the boat.' }],
    params: { steers: [{ kind: 'feature', sae, feature, ...(strength === undefined ? {} : { strength }) }] },
  };
}

/** `#/lab/steering?s=…`: the link that opens it. */
export const steerLink = (request: SteerRequest): string => labFragment(steerSpec(request));
