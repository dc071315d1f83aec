import type { Quantization } from '../../core/model-config.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import type { BlobLike } from '../../core/protocol/messages.ts';
import type { JsonObject } from '../model/families/index.ts';
import { parseJson } from './catalogue.ts';
import { withChatTemplates } from './chat-templates.ts';
import { BlobFile, type ModelFiles } from './model-files.ts';

/** A file as it was dropped or picked: a `File`, or a blob with a name. */
export interface NamedBlob {
  readonly name: string;
  readonly blob: BlobLike;
}

export const LOCAL_PREFIX = 'local:';
const WEIGHTS = /\.(?:safetensors|gguf)$/i;
/** Of config.json and the tokenizer, which are read whole. */
const MAX_JSON = 64 * 2 ** 20;

/** Models of files that the reader gave to this tab. They are known until the tab closes, and nothing of them leaves it. */
export class LocalShelf {
  readonly #models = new Map<string, readonly NamedBlob[]>();
  readonly #wanted = new Map<string, Quantization>();

  /**
   * @param id `local:<name>`; files given before under it are forgotten, and without new ones so is the model
   * @param quantization how its weights are to be held; default: in the usual way
   */
  add(id: string, files: readonly NamedBlob[], quantization?: Quantization): void {
    if (files.length > 0) this.#models.set(id, files);
    else this.#models.delete(id);
    if (quantization && files.length > 0) this.#wanted.set(id, quantization);
    else this.#wanted.delete(id);
  }

  /** How the reader wants a model to be loaded. */
  quantization(id: string): Quantization | undefined {
    return this.#wanted.get(id);
  }

  /** Throws `unknown-model` where nothing was given under that id (in a link of another tab), `bad-file` without weights. */
  open(id: string): ModelFiles {
    const files = this.#models.get(id);
    if (!files)
      throw new VitrineError('unknown-model', `the files of ${id} are not in this tab`, {
        hint: 'Files of your device are not part of a link: drop them again on the models page.',
      });
    return localFiles(id, files);
  }
}

/** The model in some files: one GGUF or its splits, or safetensors with config.json and tokenizer.json. */
export function localFiles(id: string, files: readonly NamedBlob[]): ModelFiles {
  const weights = files
    .filter(({ name }) => WEIGHTS.test(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ blob, name }) => new BlobFile(blob, name));
  if (weights.length === 0)
    throw new VitrineError(
      'unsupported-file',
      `there are no weights among ${files.map((f) => f.name).join(', ') || 'no files'}`,
      {
        hint: 'Give a .gguf file, or .safetensors files with their config.json and tokenizer.json.',
      },
    );
  const json = async (name: string): Promise<unknown> => {
    const found = files.find((file) => file.name === name);
    if (!found) return null;
    if (found.blob.size > MAX_JSON) throw new VitrineError('bad-file', `${name} is too large for what it is`);
    return parseJson(await new BlobFile(found.blob, name).read(0, found.blob.size), name);
  };
  const object = async (name: string): Promise<JsonObject | null> => {
    const value = await json(name);
    if (value === null) return null;
    if (typeof value !== 'object' || Array.isArray(value)) throw new VitrineError('bad-file', `${name} is not an object`);
    return value as JsonObject;
  };
  return {
    id,
    weights,
    config: () => object('config.json'),
    tokenizer: () => json('tokenizer.json'),
    tokenizerConfig: async () =>
      withChatTemplates(
        await object('tokenizer_config.json'),
        files.map(({ name, blob }) => ({ path: name, bytes: blob.size, blob })),
        ({ path, bytes, blob }) => new BlobFile(blob, path).read(0, bytes),
      ),
    // Hashing gigabytes would take as long as loading them: name and size say which file it was.
    digest: weights.map(({ name, size }) => `${name} (${size} bytes)`).join(', '),
  };
}
