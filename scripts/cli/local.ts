import { existsSync, openAsBlob, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { checkpointIn, isWeights, localId, nameOfFiles } from '../../core/files/checkpoint.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import type { NamedBlob } from '../../workers/weights/local-files.ts';

/** A model in files of this machine. */
export interface LocalModel {
  readonly id: string;
  /** Read in parts, when the engine asks for them. */
  readonly files: readonly NamedBlob[];
}

/** Parts of a GGUF that was split. */
const PART = /-\d{5}-of-(\d{5}\.gguf)$/i;

/** Whether what was typed is a path rather than a model's id. */
export const isPath = (text: string): boolean => /[/\\]|^\.|\.(?:gguf|safetensors)$/i.test(text);

/**
 * A GGUF file (with its other parts), or a folder with safetensors, config.json and tokenizer.json.
 * @throws `not-found`, `unsupported-file`
 */
export async function localModel(path: string): Promise<LocalModel> {
  if (!existsSync(path)) throw new VitrineError('not-found', `${path} is not there`, { hint: 'Check the path.' });
  if (statSync(path).isDirectory()) {
    const inside = [...namesIn(path), ...namesIn(join(path, TEMPLATES)).map((name) => `${TEMPLATES}/${name}`)];
    const { files, name } = checkpointIn(inside.map((file) => ({ name: `${basename(path)}/${file}` })));
    return {
      id: localId(name),
      files: await blobs(
        path,
        files.map((file) => file.name),
      ),
    };
  }
  if (!/\.gguf$/i.test(path))
    throw new VitrineError('unsupported-file', `${path} is ${isWeights(path) ? 'only the weights of a model' : 'no model'}`, {
      hint: 'Name a .gguf file, or the folder in which .safetensors, config.json and tokenizer.json are.',
    });
  const [folder, file] = [dirname(path), basename(path)];
  const group = file.replace(PART, '-of-$1');
  const names = PART.test(file)
    ? namesIn(folder).filter((name) => PART.test(name) && name.replace(PART, '-of-$1') === group)
    : [file];
  const files = await blobs(folder, names.toSorted());
  return { id: localId(nameOfFiles(files)), files };
}

const TEMPLATES = 'additional_chat_templates';

function namesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => statSync(join(folder, name)).isFile());
}

const blobs = (folder: string, names: readonly string[]): Promise<readonly NamedBlob[]> =>
  Promise.all(names.map(async (name) => ({ name, blob: await openAsBlob(join(folder, name)) })));
