import type { ExperimentSpec } from '../spec/schema.ts';
import { labFragment } from './address.ts';

/** A text of the reader's, and the model and dictionaries that are to read it. */
export interface TextRequest {
  readonly model: string;
  readonly saes: readonly string[];
  readonly text: string;
}

const specOf = (lab: string, { model, saes, text }: TextRequest): ExperimentSpec => ({
  v: 1,
  lab,
  labV: 1,
  model,
  ...(saes.length > 0 ? { saes } : {}),
  prompts: [{ text }],
  params: {},
});

/** `#/lab/explore?s=…`: the text token by token, with the features of these dictionaries. */
export const exploreLink = (request: TextRequest): string => labFragment(specOf('explore', request));

/** `#/lab/feature-search?s=…`: the features of these dictionaries that are most active on the text. */
export const searchLink = (request: TextRequest): string => labFragment(specOf('feature-search', request));
