import { listFiles, modelInfo } from '@huggingface/hub';
import { isRepoName, type HubFile } from '../../../core/files/hub.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import { hubFetch, type HubNetwork } from './network.ts';

/** A repository as it stands at one commit. */
export interface Repository {
  /** As the Hub spells it, also where an old name was asked for. */
  readonly repo: string;
  readonly commit: string;
  /** Its files can be read only by those who accepted its terms. */
  readonly gated: boolean;
  readonly license: string | null;
  readonly files: readonly HubFile[];
}

/** Files after which a repository is taken for something else than a model. */
const MAX_FILES = 20_000;
/** Files above this are in large-file storage; what Git itself holds is smaller. */
const SHA256 = /^[0-9a-f]{64}$/;
const SHA1 = /^[0-9a-f]{40}$/;

/**
 * Pins a repository to a commit and lists its files. Reads two short answers and no file.
 * @param revision branch, tag or commit; null: the newest of the main branch
 */
export async function openRepository(
  name: string,
  revision: string | null,
  network: HubNetwork,
  signal?: AbortSignal,
): Promise<Repository> {
  if (!isRepoName(name))
    throw new VitrineError('hub-not-found', `“${name}” is not the name of a repository`, {
      hint: 'Write it as on the Hub, owner/name, for example HuggingFaceTB/SmolLM2-135M-Instruct.',
    });
  const ask = hubFetch(network);
  const common = {
    hubUrl: network.host,
    fetch: ((input, init) => ask(input, { ...init, ...(signal ? { signal } : {}) })) as typeof fetch,
  };
  const info = await read(() =>
    modelInfo({
      name,
      ...(revision === null ? {} : { revision }),
      additionalFields: ['sha', 'cardData'],
      ...common,
    }),
  );
  const { sha: commit, name: repo } = info;
  if (typeof commit !== 'string' || !SHA1.test(commit) || typeof repo !== 'string' || !isRepoName(repo))
    throw new VitrineError('network', `${new URL(network.host).host} answered with something else than a repository`);
  const files = await read(async () => {
    const found: HubFile[] = [];
    for await (const entry of listFiles({ repo, revision: commit, recursive: true, ...common })) {
      if (entry.type !== 'file' || typeof entry.path !== 'string') continue;
      if (found.length >= MAX_FILES) throw new VitrineError('unsupported-file', `${repo} has more than ${MAX_FILES} files`);
      const { lfs, oid } = entry;
      found.push({
        path: entry.path,
        bytes: lfs?.size ?? entry.size,
        sha256: lfs && SHA256.test(lfs.oid) ? lfs.oid : null,
        git: !lfs && oid !== undefined && SHA1.test(oid) ? oid : null,
      });
    }
    return found;
  });
  const { license } = (info.cardData ?? {}) as { readonly license?: unknown };
  return {
    repo,
    commit,
    gated: info.gated !== false && info.gated !== undefined,
    license: typeof license === 'string' ? license : null,
    files,
  };
}

/** Errors of ours go through; whatever else the library throws came of an answer that is not the Hub's. */
async function read<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (cause instanceof VitrineError || (cause instanceof Error && cause.name === 'AbortError')) throw cause;
    throw new VitrineError('network', 'the Hub’s answer cannot be read', { cause });
  }
}
