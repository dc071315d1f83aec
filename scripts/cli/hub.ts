import { whyNot } from '../../core/device.ts';
import { parseAddressId } from '../../core/files/address.ts';
import {
  heldAs,
  parseHubId,
  type HubAccess,
  type HubFound,
  type HubModel,
  type HubNeeds,
  type HubOffer,
} from '../../core/files/hub.ts';
import type { ModelTarget } from '../../core/files/target.ts';
import type { BackendName } from '../../core/model-config.ts';
import { Cancelled, VitrineError } from '../../core/protocol/errors.ts';
import { count, megabytes } from '../../core/sizes.ts';
import { download, free, kept, look, needs } from '../../workers/weights/hub/service.ts';
import type { HubFilesOptions } from '../../workers/weights/hub/open.ts';
import { diskCaches, type DiskCaches } from '../lib/disk-caches.ts';
import { confirmedModels, OTHER_FOLDER, roomIn, writeConfirmed } from './hub-shelf.ts';
import { progressReporter } from './io.ts';

export interface HubOptions {
  /** Asked for when the first model of the Hub is. */
  readonly host: () => string;
  /** Goes to the Hub and nowhere else; it is in no message. */
  readonly token: string | null;
  /** Where models are kept, see `hubFolder`. */
  readonly folder: string;
  /** The reader has said that whatever is named may be downloaded. */
  readonly yes: boolean;
  readonly backend: BackendName;
  readonly signal: AbortSignal;
  /** Null where nobody is there to answer. */
  readonly ask: (question: string) => Promise<string | null>;
  readonly say: (line: string) => void;
  /** Default: files in the folder. Tests put a full disk here. */
  readonly caches?: DiskCaches;
  /** Bytes that are left where a folder is, or would be. */
  readonly room?: (folder: string) => number;
  readonly sleep?: HubFilesOptions['sleep'];
}

/** Models of the Hub on this machine: the page's own steps (look up, confirm, download), with the folder for its caches. */
export interface HubOnDisk {
  readonly caches: CacheStorage;
  /** Has a model ready to be run: confirmed, and kept whole. Throws VitrineError, and `Cancelled` where it is stopped. */
  ready(name: ModelTarget): Promise<HubModel>;
  /** What the engine may open of those that are ready. */
  access(): HubAccess;
}

export function hubOnDisk(options: HubOptions): HubOnDisk {
  const { host, token, folder, signal, say } = options;
  const caches = options.caches ?? diskCaches(folder);
  const files = { token, caches, ...(options.sleep ? { sleep: options.sleep } : {}) };
  const way = (): HubFilesOptions => ({ host: host(), ...files });
  const opened = new Map<string, HubModel>();
  const isWhole = async (model: HubModel): Promise<boolean> => (await kept([model], way()))[0] === sizeOf(model);

  const get = async (name: ModelTarget): Promise<HubModel> => {
    for (const model of confirmedModels(folder)) if (isNamed(model, name) && (await isWhole(model))) return model;
    const found = await look(name, way(), signal);
    const offer = choose(found, name);
    const { model, bytes } = offer;
    const known = confirmedModels(folder);
    if (known.some(({ id }) => id === model.id) && (await isWhole(model))) return model;
    const asked = await needs(model, way(), signal);
    const [here = 0] = await kept([model], way());
    for (const line of card(found, offer, asked, here, options)) say(line);
    const why = whyNot(heldAs(asked).bytes, options.backend);
    if (why !== null) throw new VitrineError('too-large-for-device', `${found.name} cannot be run here: ${why}`);
    const room = (options.room ?? roomIn)(folder);
    if (room < bytes - here)
      throw new VitrineError('storage-full', `${folder} has ${megabytes(room)} left, and ${megabytes(bytes - here)} are needed`, {
        hint: OTHER_FOLDER,
      });
    await confirm(found.name, bytes - here, options);
    writeConfirmed(folder, [...known.filter(({ id }) => id !== model.id), model]);
    const progress = progressReporter('hub');
    try {
      await download(model, {
        ...way(),
        signal,
        onProgress: (done, total) => progress.report({ phase: 'downloading', done, total, unit: 'bytes' }),
      });
    } catch (error) {
      progress.end();
      if (signal.aborted)
        say(`Stopped: ${megabytes((await kept([model], way()))[0] ?? 0)} of ${megabytes(bytes)} are kept. Run again to go on.`);
      throw error;
    }
    progress.end();
    return model;
  };

  return {
    caches,
    async ready(name) {
      try {
        const model = await get(name);
        opened.set(model.id, model);
        return model;
      } catch (error) {
        if (signal.aborted) throw new Cancelled();
        throw inTerminal(error, folder, caches);
      }
    },
    access: () => ({ host: host(), token, models: [...opened.values()] }),
  };
}

/** Frees what is kept of a model. @returns its bytes; throws `unknown-model` where none of that id was confirmed */
export async function freeHubModel(id: string, folder: string): Promise<number> {
  const models = confirmedModels(folder);
  const model = models.find((known) => known.id === id);
  if (!model)
    throw new VitrineError('unknown-model', `nothing is kept of ${id}`, {
      hint: '“vitrine models” lists what is, by its whole id.',
    });
  const way = { host: '', token: null, caches: diskCaches(folder) };
  const [bytes = 0] = await kept([model], way);
  const others = models.filter((known) => known.id !== id);
  await free(model, others, way);
  writeConfirmed(folder, others);
  return bytes;
}

/** The models that were confirmed, with what is kept of each. */
export async function keptModels(folder: string): Promise<readonly { id: string; bytes: number; kept: number }[]> {
  const models = confirmedModels(folder);
  const bytes = await kept(models, { host: '', token: null, caches: diskCaches(folder) });
  return models.map((model, i) => ({ id: model.id, bytes: sizeOf(model), kept: bytes[i] ?? 0 }));
}

const filesOf = ({ others, weights }: HubModel): HubModel['weights'] => [...others, ...weights];
const sizeOf = (model: HubModel): number => filesOf(model).reduce((sum, { bytes }) => sum + bytes, 0);

/** Only a whole commit, or a pin, says which model is meant: a branch may have moved, and another file be at an address. */
function isNamed({ id }: HubModel, target: ModelTarget): boolean {
  if (target.kind === 'address') return parseAddressId(id)?.address === target.address && parseAddressId(id)?.pin === target.pin;
  const reference = parseHubId(id);
  return reference?.repo === target.repo && reference.commit === target.revision && reference.file === target.file;
}

function choose({ name, offers }: HubFound, target: ModelTarget): HubOffer {
  const file = target.kind === 'hub' ? target.file : null;
  const [first, ...rest] = file === null ? offers : offers.filter(({ model }) => parseHubId(model.id)?.file === file);
  // Safetensors are what a repository is named for; GGUF files beside them are asked for by name.
  if (first && (rest.length === 0 || first.format === 'safetensors')) return first;
  const names = offers.map(({ model, bytes }) => `${parseHubId(model.id)?.file ?? 'safetensors'} (${megabytes(bytes)})`);
  throw new VitrineError('unknown-model', first ? `${name} holds several models` : `${name} has no model in ${file ?? ''}`, {
    hint: `Name one of its files, hf:${name}/FILE: ${names.join(', ')}.`,
  });
}

/** What is told before anything is downloaded. */
function card(
  found: HubFound,
  { model, bytes }: HubOffer,
  asked: HubNeeds,
  here: number,
  options: HubOptions,
): readonly string[] {
  const files = filesOf(model);
  const checked = files.every(({ sha256, git }) => sha256 !== null || git !== null);
  const { bytes: memory, quantization } = heldAs(asked);
  return [
    found.commit === null ? found.name : `${found.name} on ${new URL(options.host()).host}, at commit ${found.commit}`,
    `  licence      ${found.license ?? 'not stated'}${found.gated ? ', only for those who have accepted its terms' : ''}`,
    `  to download  ${megabytes(bytes)} in ${files.length === 1 ? 'one file' : `${files.length} files`}${checked ? ', each checked against the digest that the Hub gives' : ''}${found.commit === null ? ', checked by samples: its host gives no digest' : ''}`,
    ...(here > 0 ? [`  here already ${megabytes(here)}`] : []),
    `  model        ${asked.family}, ${count(asked.parameters)} parameters, ${asked.weights} weights, context of ${asked.context.toLocaleString('en')} tokens`,
    `  in memory    ${megabytes(memory[options.backend])}, held as ${quantization}`,
    `  kept in      ${options.folder}`,
    `  from now on  --model ${model.id}`,
  ];
}

async function confirm(repo: string, bytes: number, { yes, ask }: HubOptions): Promise<void> {
  if (yes) return;
  const answer = await ask(`Download ${megabytes(bytes)}? [y/N] `);
  if (answer !== null && /^y(es)?$/i.test(answer)) return;
  throw new VitrineError('not-confirmed', `${repo} was not confirmed, so nothing of it was downloaded`, {
    hint: 'Run again with --yes to download it.',
  });
}

/** Hints that name the page are of no use here. */
function inTerminal(error: unknown, folder: string, caches: CacheStorage): unknown {
  if (!(error instanceof VitrineError)) return error;
  const { code, message, detail } = error;
  const told = (message: string, hint: string): VitrineError =>
    new VitrineError(code, message, { hint, cause: error, ...(detail === undefined ? {} : { detail }) });
  if (code === 'storage-full' && error.hint !== OTHER_FOLDER) {
    const why = (caches as Partial<DiskCaches>).refusal?.message;
    return told(`${folder} has no room to keep this model${why === undefined ? '' : ` (${why})`}`, OTHER_FOLDER);
  }
  if (code === 'hub-gated' && error.hint === undefined)
    return told(
      message,
      'Accept its terms on huggingface.co, then give a token of your account in HF_TOKEN or with --token-file.',
    );
  return error;
}
