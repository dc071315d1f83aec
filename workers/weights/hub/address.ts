import { addressId, addressName, fileAddress, isFolder, modelAddress, nameInAddress } from '../../../core/files/address.ts';
import { CHAT_TEMPLATE, isOwnWeights } from '../../../core/files/checkpoint.ts';
import type { HubFile, HubFound } from '../../../core/files/hub.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import { ranged, strongEtag, type RangeRequest } from '../http-request.ts';
import { MemoryFile } from '../model-files.ts';
import { PeekFile, readPart } from '../peek-file.ts';
import { addressFetch, BY_HAND } from './address-network.ts';
import { bytesOf } from './choices.ts';
import type { HubFilesOptions } from './open.ts';
import { headPin, pinOf, pinOfAll, SAMPLE } from './pin.ts';

const PART = /-00001-of-(\d{5})\.gguf$/i;
/** Parts after which a name is taken for something else than that of a split model. */
const MAX_PARTS = 200;
/** Of config.json and the index of shards, which are read whole. */
const MAX_INDEX = 16 * 2 ** 20;
const INDEX = 'model.safetensors.index.json';

/**
 * Looks a model at an address up: how large its files are, and samples of them (three of 64 kB of each), by which it is pinned.
 * @param pin of the version that is meant; another one throws `digest-mismatch`
 */
export async function lookAddress(
  text: string,
  pin: string | null,
  options: HubFilesOptions,
  signal?: AbortSignal,
): Promise<HubFound> {
  const address = modelAddress(text);
  if (address === null) throw new VitrineError('not-found', `“${text}” is not the address of a model`);
  const look = (name: string): Promise<HubFile> => probe(address, name, options, signal);
  const { weights, others } = isFolder(address) ? await folder(address, look, options, signal) : await gguf(address, look);
  const found = pinOfAll([...weights, ...others]);
  if (pin !== null && pin !== found)
    throw new VitrineError('digest-mismatch', `what is at ${address} is not the model that is meant (${pin}, now ${found})`, {
      hint: 'It was changed on its host since. To ask the one that is there now, add its address on the models page.',
    });
  const model = { id: addressId({ address, pin: found }), weights, others };
  const format = isFolder(address) ? 'safetensors' : 'gguf';
  const bytes = bytesOf([...weights, ...others]);
  return { name: address, commit: null, gated: false, license: null, offers: [{ format, model, bytes }] };
}

interface Files {
  readonly weights: readonly HubFile[];
  readonly others: readonly HubFile[];
}
type Look = (name: string) => Promise<HubFile>;

async function gguf(address: string, look: Look): Promise<Files> {
  const name = nameInAddress(address);
  const count = Number(PART.exec(name)?.[1] ?? 1);
  if (count < 1 || count > MAX_PARTS) throw new VitrineError('unsupported-file', `${name} says to be one of ${count} parts`);
  const weights: HubFile[] = [];
  for (let i = 1; i <= count; i++) weights.push(await look(name.replace(/-00001-of-/, `-${String(i).padStart(5, '0')}-of-`)));
  return { weights, others: [] };
}

async function folder(address: string, look: Look, options: HubFilesOptions, signal?: AbortSignal): Promise<Files> {
  const optional = (name: string): Promise<HubFile | null> => look(name).catch(orMissing);
  const others = [await look('config.json'), await look('tokenizer.json')];
  for (const name of ['tokenizer_config.json', CHAT_TEMPLATE]) {
    const file = await optional(name);
    if (file) others.push(file);
  }
  const whole = await optional('model.safetensors');
  if (whole) return { weights: [whole], others };
  const index = await optional(INDEX);
  if (!index)
    throw new VitrineError('not-found', `${address} has neither model.safetensors nor ${INDEX}`, {
      hint: 'Name the folder in which they are, or the address of a .gguf file.',
    });
  const weights: HubFile[] = [];
  for (const name of await shards(address, index, options, signal)) weights.push(await look(name));
  return { weights, others };
}

/** Hosts answer 403 as well where there is no such file. */
function orMissing(error: unknown): null {
  if (error instanceof VitrineError && error.code === 'not-found') return null;
  throw error;
}

async function shards(
  address: string,
  index: HubFile,
  options: HubFilesOptions,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  if (index.bytes > MAX_INDEX) throw new VitrineError('bad-file', `${INDEX} has ${index.bytes} bytes, too many for what it is`);
  const bytes = await peek(address, index.path, index.bytes, options).read(0, index.bytes, signal);
  try {
    const { weight_map: map } = JSON.parse(new TextDecoder().decode(bytes)) as { weight_map: Record<string, unknown> };
    const names = [...new Set(Object.values(map))].map(String).sort();
    if (names.length > 0 && names.length <= MAX_PARTS && names.every(isOwnWeights)) return names;
  } catch {
    // Said below.
  }
  throw new VitrineError('bad-file', `${INDEX} does not list the parts of a model`);
}

function requestOf(address: string, name: string, options: HubFilesOptions): RangeRequest {
  const url = fileAddress({ address }, name);
  if (url === null) throw new VitrineError('bad-file', `“${name}” is not the name of a file`);
  return ranged(addressFetch(options), url);
}

/** A file of which nothing is kept. */
function peek(address: string, name: string, size: number, options: HubFilesOptions): PeekFile {
  return new PeekFile({ name, size, request: requestOf(address, name, options), stallMs: options.stallMs });
}

/** How large a file is, and its pin. */
async function probe(address: string, name: string, options: HubFilesOptions, signal?: AbortSignal): Promise<HubFile> {
  const response = await requestOf(address, name, options)(0, SAMPLE, signal);
  const parts = response.status === 206;
  const etag = strongEtag(response);
  const size = sizeOf(response) ?? (parts ? await askSize(address, name, options, signal) : null);
  const { bytes, length } = await readPart(response, name, { skip: 0, length: SAMPLE, stallMs: options.stallMs, signal });
  if (size === null || size < length)
    throw new VitrineError('unsupported-file', `the host of ${addressName(name)} does not tell how large it is`, {
      hint: BY_HAND,
    });
  const small = size <= length ? new MemoryFile(name, bytes.subarray(0, size)) : null;
  const pin =
    small || parts
      ? await pinOf(small ?? peek(address, name, size, options), signal)
      : await headPin(new Head(name, size, bytes));
  return { path: name, bytes: size, sha256: null, git: null, pin, ...(etag === null ? {} : { etag }) };
}

/** The beginning of a longer file. */
class Head extends MemoryFile {
  override readonly size: number;
  constructor(name: string, size: number, bytes: Uint8Array) {
    super(name, bytes);
    this.size = size;
  }
}

/** What an answer tells of its file's size; null where it does not, or not to pages of other sites. */
function sizeOf({ status, headers }: Response): number | null {
  const told = status === 206 ? /^bytes \d+-\d+\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1] : lengthOf(headers);
  const size = Number(told ?? Number.NaN);
  return Number.isSafeInteger(size) && size > 0 ? size : null;
}

/** Compressed bytes are not those of the file. */
const lengthOf = (headers: Headers): string | null =>
  (headers.get('content-encoding') ?? 'identity') === 'identity' ? headers.get('content-length') : null;

async function askSize(address: string, name: string, options: HubFilesOptions, signal?: AbortSignal): Promise<number | null> {
  const url = fileAddress({ address }, name) ?? '';
  const response = await addressFetch(options)(url, { method: 'HEAD', ...(signal ? { signal } : {}) }).catch(() => null);
  signal?.throwIfAborted();
  return response && sizeOf(response);
}
