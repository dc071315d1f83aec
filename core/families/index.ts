import type { ModelConfig } from '../model-config.ts';
import { VitrineError } from '../protocol/errors.ts';
import { gemma2 } from './gemma2.ts';
import { gemma3 } from './gemma3.ts';
import { gptNeo } from './gpt-neo.ts';
import { gptNeox } from './gpt-neox.ts';
import { gpt2 } from './gpt2.ts';
import type { CheckpointNames } from './layout.ts';
import { llama } from './llama.ts';
import { qwen2 } from './qwen2.ts';
import { qwen3 } from './qwen3.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** What one family file exports: how to read `config.json`, and which tensor is which. No tensor is touched here. */
export interface FamilyDefinition {
  /** `model_type` of config.json. */
  readonly modelTypes: readonly string[];
  /** Throws `bad-file` where a number is missing or absurd, `unsupported-file` where the engine lacks what the file asks for. */
  parseConfig(json: JsonObject): ModelConfig;
  /** @param has whether the checkpoint has a tensor, for families whose names have had several prefixes */
  names(config: ModelConfig, has: (tensor: string) => boolean): CheckpointNames;
}

/** One line per family; everything else is in its file. */
const FAMILIES: readonly FamilyDefinition[] = [gpt2, gptNeox, gptNeo, llama, qwen2, qwen3, gemma2, gemma3];

/** The family that a config.json names; throws `unsupported-file` for another one. */
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
