import type { FeatureName } from '../../../app/views/names.ts';
import { siteName, siteShort } from '../../../app/views/sites.ts';
import { number, plural, signed } from '../../../app/views/numbers.ts';
import type { SteerFacts } from '../result.ts';
import type { Steer, SteerPositions } from '../spec.ts';

export const POSITIONS: Readonly<Record<SteerPositions, string>> = {
  all: 'every token',
  prompt: 'the prompt only',
  generated: 'new tokens only',
  answer: 'the end of the instruction and all after it',
};

/** `+2.0 × max`: a strength with its unit, as sliders say it. */
export function strengthText(steer: Steer): string {
  const value = signed(Math.round(steer.strength * 100) / 100, 3);
  return `${value} × ${steer.kind === 'feature' ? 'max' : 'vector'}`;
}

/** What a dictionary's features are called. */
export type NameOf = (sae: string, feature: number) => FeatureName;

/**
 * What a steer is called in a sentence or a table: the reader's label; the curriculum's name with the number, as several features
 * share one; else `feature 413`. @param nameOf null for what is no feature
 */
export function steerName(steer: Steer, nameOf: NameOf | null): string {
  switch (steer.kind) {
    case 'feature': {
      const { name, from } = nameOf?.(steer.sae, steer.feature) ?? { name: null, from: 'none' };
      return name === null ? `feature ${steer.feature}` : from === 'reader' ? name : `${name} (${steer.feature})`;
    }
    case 'contrast':
      return steer.label || `contrast of ${plural(steer.pairs.length, 'pair')}`;
    case 'vector':
      return steer.label || `vector of ${plural(steer.values.length, 'number')}`;
  }
}

/** `L2 resid_post · 413`. */
export function steerPlace(steer: Steer, hookOf: (sae: string) => string): string {
  return steer.kind === 'feature' ? `${siteShort(hookOf(steer.sae))} · ${steer.feature}` : siteShort(steer.hook);
}

/** Exactly what is added, in one sentence. @param facts null while nothing has been run with it */
export function exactly(steer: Steer, hookOf: (sae: string) => string, facts: SteerFacts | null): string {
  const hook = steer.kind === 'feature' ? hookOf(steer.sae) : steer.hook;
  const where = `${siteName(hook)} at ${POSITIONS[steer.positions]}${steer.positions === 'generated' ? ' (the first new one is chosen before any of them is steered)' : steer.positions === 'all' ? ', the beginning of the text among them' : ''}`;
  const times = signed(steer.strength, 3);
  switch (steer.kind) {
    case 'feature': {
      const value = facts ? facts.scale * steer.strength : NaN;
      const size =
        facts === null
          ? `${times} × its largest known activation`
          : facts.unit === 'own'
            ? `${times} of its own units (no largest activation is known)`
            : `${times} × ${number(facts.scale)} (its largest known activation) = ${signed(value)}`;
      if (steer.mode === 'clamp')
        return `Sets the feature to ${size}: adds (that value − what it reads) × its decoder direction to the ${where}. What the dictionary does not explain stays as it is.`;
      return `Adds ${size}, times its decoder direction, to the ${where}.${push(Math.abs(value) * (facts?.norm ?? NaN), facts)}`;
    }
    case 'contrast': {
      const at =
        steer.token === 'mean'
          ? 'averaged over all tokens'
          : steer.token < 0
            ? `at token ${steer.token} from the end`
            : `at token ${steer.token}`;
      return `Adds ${times} × v to the ${where}. v: what the first text of each pair has there minus what the second has, ${at}, mean of ${plural(steer.pairs.length, 'pair')}${steer.equal ? '; then brought to the mean length of what it was read from' : ''}.${push(Math.abs(steer.strength) * (facts?.norm ?? NaN), facts)}`;
    }
    case 'vector':
      return `Adds ${times} × the vector to the ${where}.${push(Math.abs(steer.strength) * (facts?.norm ?? NaN), facts)}`;
  }
}

const push = (length: number, facts: SteerFacts | null): string =>
  facts === null || Number.isNaN(length)
    ? ''
    : ` A push of length ${number(length)}, beside a mean length of ${number(facts.streamNorm)} there on this prompt.`;
