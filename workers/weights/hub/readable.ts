import { familyOf, type JsonObject } from '../../../core/families/index.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import { readGgufHeader } from '../gguf/header.ts';
import type { ModelFiles } from '../model-files.ts';
import { withinVocabulary } from '../../tokenizer/limit.ts';
import { tokenizerOf } from '../tokenizer-of.ts';

/**
 * Reads a model's tokenizer as the engine will, which is told before its weights are downloaded. Of a GGUF, only the header is
 * read; of safetensors nothing.
 * @param config config.json, or what a GGUF says in its words
 * @throws `bad-file`, `unsupported-file`, saying what can be done, where the engine could not open it
 */
export async function checkTokenizer(files: ModelFiles, config: JsonObject, signal?: AbortSignal): Promise<void> {
  const { dVocab } = familyOf(config).parseConfig(config);
  const [first] = files.weights;
  const own = first && /\.gguf$/i.test(first.name) ? (await readGgufHeader(first, signal)).metadata : null;
  try {
    withinVocabulary(await tokenizerOf(files, own), dVocab, files.id);
  } catch (error) {
    if (!(error instanceof VitrineError) || !REFUSALS.has(error.code)) throw error;
    const { code, message, detail } = error;
    throw new VitrineError(code, `its tokenizer cannot be used: ${message}`, {
      hint: 'Its weights would be of no use without it. Take another file of the model (a .gguf has its vocabulary inside, safetensors have a tokenizer.json beside them), or another model.',
      cause: error,
      ...(detail === undefined ? {} : { detail }),
    });
  }
}

/** What a tokenizer is refused with; anything else happened on the way to it. */
const REFUSALS: ReadonlySet<string> = new Set(['bad-file', 'unsupported-file']);
