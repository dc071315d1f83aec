import type { ModelConfig } from '../../../core/model-config.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import type { ModelWeights, WeightLoader } from '../weights.ts';
import { gpt2 } from './gpt2.ts';
import { llama } from './llama.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** What one family file exports: how to read `config.json`, and which tensor is which. */
export interface FamilyDefinition {
  /** `model_type` of config.json. */
  readonly modelTypes: readonly string[];
  parseConfig(json: JsonObject): ModelConfig;
  load(loader: WeightLoader, config: ModelConfig): Promise<ModelWeights>;
}

/** One line per family; everything else is in its file. */
const FAMILIES: readonly FamilyDefinition[] = [gpt2, llama];

export function familyOf(config: JsonObject): FamilyDefinition {
  const type = config['model_type'];
  const found = FAMILIES.find((f) => typeof type === 'string' && f.modelTypes.includes(type));
  if (!found)
    throw new VitrineError(
      'unsupported-file',
      `config.json names the model type "${String(type)}"; known are ${FAMILIES.flatMap((f) => f.modelTypes).join(', ')}`,
    );
  return found;
}
