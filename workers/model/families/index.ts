import { familyOf as definitionOf, type FamilyDefinition as Names, type JsonObject } from '../../../core/families/index.ts';
import type { ModelConfig } from '../../../core/model-config.ts';
import type { ModelWeights, WeightLoader } from '../weights.ts';
import { loadWeights } from './load-weights.ts';

export type { JsonObject } from '../../../core/families/index.ts';

/** A family of core/families/, which the page reads too, with what puts its weights on the device. */
export interface FamilyDefinition extends Names {
  load(loader: WeightLoader, config: ModelConfig): Promise<ModelWeights>;
}

/** The family that a config.json names; throws `unsupported-file` for another one. */
export function familyOf(config: JsonObject): FamilyDefinition {
  const family = definitionOf(config);
  return {
    ...family,
    load: (loader, shape) =>
      loadWeights(
        loader,
        family.names(shape, (tensor) => loader.has(tensor)),
        shape,
      ),
  };
}
