import { VitrineError } from '../../core/protocol/errors.ts';
import type { Tokenizer } from '../api.ts';
import type { JsonObject } from '../model/families/index.ts';
import { createTokenizer } from '../tokenizer/tokenizer.ts';
import type { ModelFiles } from './model-files.ts';

/** A model's tokenizer. @param metadata of a GGUF file, which holds a vocabulary; null: there is none */
export async function tokenizerOf(files: ModelFiles, metadata: JsonObject | null): Promise<Tokenizer> {
  const json = await files.tokenizer();
  if (json !== null && json !== undefined) return createTokenizer(json, (await files.tokenizerConfig()) ?? {});
  if (metadata === null)
    throw new VitrineError('bad-file', `${files.id} has no tokenizer.json`, {
      hint: 'Weights in safetensors files come with a config.json and a tokenizer.json: give them together.',
    });
  const { ggufTokenizer } = await import('../tokenizer/gguf.ts');
  return ggufTokenizer(metadata);
}
