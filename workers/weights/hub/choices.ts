import { isChatTemplate, isOwnWeights } from '../../../core/files/checkpoint.ts';
import type { HubFile } from '../../../core/files/hub.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';

/** One way in which a repository holds its model. */
export interface WeightChoice {
  readonly format: 'safetensors' | 'gguf';
  /** For GGUF, the (first) file; null for safetensors, of which a repository has one set. */
  readonly file: string | null;
  /** In order: shards, or the parts of a split GGUF. */
  readonly weights: readonly HubFile[];
  /** config.json, tokenizer.json …; what a GGUF holds itself is not among them. */
  readonly others: readonly HubFile[];
}

/** Read besides safetensors and chat templates; of these only the last may be missing. */
const CONFIG = 'config.json';
const TOKENIZER = 'tokenizer.json';
const TOKENIZER_CONFIG = 'tokenizer_config.json';
const PART = /-(\d{5,6})-of-(\d{5,6})(\.\w+)$/;

/** What of a repository this engine could open; throws `unsupported-file` saying what is there instead, where it is nothing. */
export function choicesOf(repo: string, files: readonly HubFile[]): readonly WeightChoice[] {
  const choices = [...safetensors(files), ...ggufs(files)];
  if (choices.length > 0) return choices;
  const kinds = [...new Set(files.map(({ path }) => /\.(bin|pt|pth|ckpt|onnx|h5|msgpack|safetensors)$/.exec(path)?.[1]))].filter(
    (kind) => kind !== undefined,
  );
  const has = (name: string): boolean => files.some(({ path }) => path === name);
  const why = files.some(({ path }) => path.endsWith('.safetensors'))
    ? `it has safetensors, but ${!has(CONFIG) ? `no ${CONFIG}` : !has(TOKENIZER) ? `no ${TOKENIZER}` : 'not all parts of a model'}`
    : kinds.length > 0
      ? `its weights are .${kinds.join(', .')} files`
      : 'it holds no weights';
  throw new VitrineError('unsupported-file', `${repo} cannot be opened: ${why}`, {
    hint: 'Look for a copy of the model with safetensors and tokenizer.json, or as GGUF.',
  });
}

function safetensors(files: readonly HubFile[]): readonly WeightChoice[] {
  const others = [CONFIG, TOKENIZER, TOKENIZER_CONFIG].flatMap((name) => files.filter(({ path }) => path === name));
  if (!others.some(({ path }) => path === CONFIG) || !others.some(({ path }) => path === TOKENIZER)) return [];
  others.push(...files.filter(({ path }) => isChatTemplate(path)));
  const own = files.filter(({ path }) => isOwnWeights(path));
  const whole = own.filter(({ path }) => !PART.test(path));
  const parts = partsOf(own.filter(({ path }) => PART.test(path)));
  const weights = whole.length === 1 ? whole : parts[0];
  return weights ? [{ format: 'safetensors', file: null, weights, others }] : [];
}

function ggufs(files: readonly HubFile[]): readonly WeightChoice[] {
  const found = files.filter(({ path }) => /\.gguf$/i.test(path) && !/(?:^|[/_.-])(?:mmproj|imatrix)/i.test(path));
  const whole = found.filter(({ path }) => !PART.test(path)).map((file) => [file]);
  return [...whole, ...partsOf(found.filter(({ path }) => PART.test(path)))]
    .map((weights) => ({ format: 'gguf' as const, file: weights[0]?.path ?? '', weights, others: [] }))
    .sort((a, b) => bytesOf(a.weights) - bytesOf(b.weights));
}

/** Sets that are complete, each in order. */
function partsOf(files: readonly HubFile[]): readonly (readonly HubFile[])[] {
  const sets = new Map<string, HubFile[]>();
  for (const file of files) {
    const [, , count = ''] = PART.exec(file.path) ?? [];
    const key = file.path.replace(PART, `-of-${count}`);
    sets.set(key, [...(sets.get(key) ?? []), file]);
  }
  return [...sets]
    .filter(([key, parts]) => Number(/-of-(\d{5,6})$/.exec(key)?.[1]) === parts.length)
    .map(([, parts]) => parts.sort((a, b) => (a.path < b.path ? -1 : 1)));
}

export const bytesOf = (files: readonly HubFile[]): number => files.reduce((sum, { bytes }) => sum + bytes, 0);
