import { isQuantization, type Quantization } from '../model-config.ts';
import { VitrineError } from '../protocol/errors.ts';
import type { ExperimentSpec } from '../spec/schema.ts';
import { decodeSpec, encodeSpec } from './codec.ts';
import { FEATURE_LAB, featureFragment, specOfFeature } from './feature-address.ts';

/** The fragment of a lab with its whole experiment: `#/lab/<id>?s=…`. */
export function labFragment(spec: ExperimentSpec): string {
  return `#/lab/${spec.lab}?s=${encodeSpec(spec)}`;
}

/** The address that the page shows for an experiment: readable where its lab has such a form. `spec`: minimal. */
export const specFragment = (spec: ExperimentSpec): string =>
  spec.lab === FEATURE_LAB ? featureFragment(spec) : labFragment(spec);

/**
 * The same address, which also says how weights are held in memory where it is shared: `held=int4`. It is no part of the
 * experiment, whose hash names a question; who opens it elsewhere is told where the answer is another one.
 */
export const withHeld = (fragment: string, quantization: Quantization | null): string =>
  quantization === null ? fragment : `${fragment}${fragment.includes('?') ? '&' : '?'}held=${quantization}`;

/** What `withHeld` has added; null where nothing. */
export function heldOf(fragment: string): Quantization | null {
  const held = /[?&]held=([a-z0-9]+)(?:&|$)/.exec(fragment)?.[1];
  return isQuantization(held) ? held : null;
}

/** Reads the experiment out of a full URL or a fragment. Throws VitrineError. */
export function specFromUrl(url: string): ExperimentSpec {
  const fragment = url.slice(url.indexOf('#'));
  if (url.includes('#') && /^#\/(?:embed\/)?feature\//.test(fragment)) return specOfFeature(fragment);
  const found = /^#\/(?:embed\/)?lab\/([a-z0-9-]+)\?(?:.*&)?s=([^&]+)/.exec(fragment);
  if (!url.includes('#') || !found?.[1] || !found[2])
    throw new VitrineError('bad-link', 'there is no experiment in this address');
  const spec = decodeSpec(decodeURIComponentSafe(found[2]));
  if (spec.lab !== found[1])
    throw new VitrineError('bad-link', `the address names the lab "${found[1]}", its experiment "${spec.lab}"`);
  return spec;
}

function decodeURIComponentSafe(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new VitrineError('bad-link', 'the link is damaged');
  }
}
