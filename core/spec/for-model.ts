import type { Intervention } from '../interventions.ts';
import type { JsonValue } from './json.ts';
import type { ExperimentSpec } from './schema.ts';

/**
 * The same question to another model: prompts and settings stay, what names a dictionary that it does not have goes, and so
 * does a metric, whose tokens are numbers of the other vocabulary.
 * @param saes ids of the dictionaries that the new model has
 * @param usual those that the lab reads with by default, where the new model has them
 */
export function forModel(
  spec: ExperimentSpec,
  model: string,
  saes: readonly string[],
  usual: readonly string[] = [],
): ExperimentSpec {
  if (spec.model === model) return spec;
  const known = (id: unknown): boolean => typeof id === 'string' && saes.includes(id);
  const { saes: before = [], interventions = [], metric: _metric, ...rest } = spec;
  const kept = before.filter(known);
  const chosen = kept.length > 0 ? kept : usual.filter(known);
  const edits = interventions.filter((one) => dictionaryOf(one) === null || known(dictionaryOf(one)));
  return {
    ...rest,
    model,
    params: Object.fromEntries(
      Object.entries(spec.params).map(([key, value]) => [key, Array.isArray(value) ? withoutUnknown(value, known) : value]),
    ) as ExperimentSpec['params'],
    ...(chosen.length > 0 ? { saes: chosen } : {}),
    ...(edits.length > 0 ? { interventions: edits } : {}),
  };
}

function dictionaryOf(one: Intervention): string | null {
  if (one.kind === 'saeFeature') return one.sae;
  return one.kind === 'add' && one.vector.from === 'decoder' ? one.vector.sae : null;
}

const withoutUnknown = (list: readonly JsonValue[], known: (id: unknown) => boolean): readonly JsonValue[] =>
  list.filter((item) => typeof item !== 'object' || item === null || !('sae' in item) || known(item['sae']));
