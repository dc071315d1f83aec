import type { BackendName, Quantization } from '../model-config.ts';

/** The Hub that model ids with `hf:` mean. */
export const HUB_HOST = 'https://huggingface.co';

/** A model in a repository of the Hub: always of one commit, so that the same id is the same weights for ever. */
export interface HubReference {
  /** `owner/name`; a few old ones have a name only. */
  readonly repo: string;
  /** Full SHA-1 of the commit, in lower-case hex. */
  readonly commit: string;
  /** Path of the GGUF file, where the model is one; null: the repository's safetensors. */
  readonly file: string | null;
}

const PREFIX = 'hf:';
const REPO = '[A-Za-z0-9][A-Za-z0-9._-]{0,95}(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,95})?';
const ID = new RegExp(`^${PREFIX}(${REPO})@([0-9a-f]{40})((?:/[A-Za-z0-9._~%+-]+)*)$`);
const NAME = new RegExp(`^${REPO}$`);
/** Of a whole id; as specs allow for names. */
const MAX_ID = 200;

/** `owner/name` as the Hub allows it; nothing that could leave its place in an address. */
export function isRepoName(name: string): boolean {
  return NAME.test(name) && !name.includes('..') && !name.includes('--');
}

export function isHubId(id: string): boolean {
  return parseHubId(id) !== null;
}

/** `hf:owner/name@<commit>`, and for GGUF `hf:owner/name@<commit>/<file>`. Null for anything else. */
export function parseHubId(id: string): HubReference | null {
  const match = id.length <= MAX_ID ? ID.exec(id) : null;
  if (!match) return null;
  const [, repo = '', commit = '', path = ''] = match;
  if (!isRepoName(repo)) return null;
  try {
    const parts = path.split('/').slice(1).map(decodeURIComponent);
    if (parts.some((part) => part === '.' || part === '..' || part.includes('/'))) return null;
    return { repo, commit, file: parts.length === 0 ? null : parts.join('/') };
  } catch {
    return null;
  }
}

export function hubId({ repo, commit, file }: HubReference): string {
  const path = file === null ? '' : `/${encodePath(file)}`;
  return `${PREFIX}${repo}@${commit}${path}`;
}

/** Each part of a path encoded by itself, also what `encodeURIComponent` lets stand. */
const encodePath = (path: string): string =>
  path
    .split('/')
    .map((part) => encodeURIComponent(part).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`))
    .join('/');

/** Address of a file of a commit. @param host without `/` at its end */
export function resolveUrl(host: string, repo: string, commit: string, path: string): string {
  return `${host}/${repo}/resolve/${commit}/${encodePath(path)}`;
}

/** One file of a model, as the Hub lists it or as another host has it. */
export interface HubFile {
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of the content, of files in large-file storage; null for others. */
  readonly sha256: string | null;
  /** Git's own digest of the other files: SHA-1 of `blob <bytes>\0` and the content. */
  readonly git: string | null;
  /** Of files outside of the Hub, whose hosts give no digests: one of samples of the content, see `pinOf`. */
  readonly pin?: string | undefined;
  /** What the host of such a file calls this version of it, where it says. */
  readonly etag?: string | undefined;
}

/** What the reader has confirmed to be fetched, from the Hub or from another address: exactly these files. */
export interface HubModel {
  readonly id: string;
  /** In the order in which they are to be read. */
  readonly weights: readonly HubFile[];
  /** config.json, tokenizer.json and so on, by name; what a GGUF file needs not is missing. */
  readonly others: readonly HubFile[];
  /** How it is loaded: one of `HubNeeds.held`, the first of them where absent. */
  readonly quantization?: Quantization | undefined;
}

/** How the engine reaches the Hub. */
export interface HubAccess {
  /** Without `/` at its end. */
  readonly host: string;
  /** The reader's own, for gated repositories; goes to `host` and nowhere else. */
  readonly token: string | null;
  readonly models: readonly HubModel[];
}

/** Hosts of which another Hub may be, for tests: this very machine. */
const LOCAL = /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/;

/** Whether an address, without `/` at its end, is one that `HubAccess.host` may be. */
export function isHubHost(host: string): boolean {
  return host === HUB_HOST || LOCAL.test(host);
}

/** Cache (of the Cache API) in which files of the Hub, and of other addresses, are kept, in chunks. */
export const HUB_CACHE = 'vitrine-hub-1';

/** What a model holds in memory while it runs, where it is loaded in one way. */
export interface HeldAs {
  readonly quantization: Quantization;
  readonly bytes: Readonly<Record<BackendName, number>>;
}

/** What a model needs of a device; known before its weights are downloaded. */
export interface HubNeeds {
  readonly family: string;
  readonly parameters: number;
  /** As the file holds them: `BF16`, `Q4_1 and others` … */
  readonly weights: string;
  readonly context: number;
  /** The ways in which it can be loaded; it is in the first one unless the reader chooses. */
  readonly held: readonly HeldAs[];
  /** config.json; of a GGUF, what its header says in the same words. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** What a model holds in memory where it is loaded in the way that was chosen, or in the usual one. */
export function heldAs({ held }: Pick<HubNeeds, 'held'>, quantization?: Quantization): HeldAs {
  const found = held.find((one) => one.quantization === quantization) ?? held[0];
  if (!found) throw new RangeError('a model that cannot be loaded in any way');
  return found;
}

/** One way to have the model of a repository: what can be confirmed. */
export interface HubOffer {
  readonly format: 'safetensors' | 'gguf';
  readonly model: HubModel;
  /** Of all files together. */
  readonly bytes: number;
}

/** A repository, or another address, that was looked up. */
export interface HubFound {
  /** Of the repository, `owner/name`; or the address. */
  readonly name: string;
  /** Null for what is no repository. */
  readonly commit: string | null;
  readonly gated: boolean;
  readonly license: string | null;
  readonly offers: readonly HubOffer[];
}
