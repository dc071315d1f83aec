import { openAsBlob } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { VitrineError } from '../../core/protocol/errors.ts';

/** The Cache API over a folder, as far as files of the Hub are kept in it. */
export interface DiskCaches extends CacheStorage {
  /** Why the last entry could not be kept; null while all could. */
  readonly refusal: NodeJS.ErrnoException | null;
}

/**
 * Entries are files: `https://huggingface.co/owner/name/resolve/…` is `<folder>/<cache>/huggingface.co/owner/name/resolve/…`, so
 * that a reader finds what is kept of a model, and may delete it. An entry is there whole or not at all.
 */
export function diskCaches(folder: string): DiskCaches {
  let refusal: NodeJS.ErrnoException | null = null;
  const open = (name: string): Cache => {
    const root = join(folder, name);
    const put = async (request: RequestInfo | URL, response: Response): Promise<void> => {
      const path = pathOf(root, request);
      const draft = `${path}.${process.pid}${DRAFT}`;
      try {
        await mkdir(dirname(path), { recursive: true });
        await writeFile(draft, Buffer.from(await response.arrayBuffer()));
        await rename(draft, path);
      } catch (error) {
        refusal = error as NodeJS.ErrnoException;
        await rm(draft, { force: true }).catch(() => undefined);
        throw error;
      }
    };
    const match = async (request: RequestInfo | URL): Promise<Response | undefined> => {
      try {
        const blob = await openAsBlob(pathOf(root, request));
        return new Response(blob, { headers: { 'content-length': String(blob.size) } });
      } catch {
        return undefined;
      }
    };
    const remove = (request: RequestInfo | URL): Promise<boolean> =>
      rm(pathOf(root, request)).then(
        () => true,
        () => false,
      );
    const keys = async (): Promise<readonly Request[]> =>
      (await filesBelow(root)).map((path) => new Request(`https://${path.split(sep).join('/')}`));
    return { put, match, delete: remove, keys } as unknown as Cache;
  };
  return {
    get refusal() {
      return refusal;
    },
    open: (name: string) => Promise.resolve(open(name)),
    delete: (name: string) =>
      rm(join(folder, name), { recursive: true }).then(
        () => true,
        () => false,
      ),
    keys: () => readdir(folder).catch(() => []),
  } as unknown as DiskCaches;
}

const DRAFT = '.part';

/** Segments of an address are percent-encoded, and `URL` has resolved its dots. */
function pathOf(root: string, request: RequestInfo | URL): string {
  const { host, pathname } = new URL(request instanceof Request ? request.url : request);
  const parts = [host, ...pathname.slice(1).split('/')];
  if (parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\\')))
    throw new VitrineError('bad-file', `nothing can be kept under ${pathname}`);
  return join(root, ...parts);
}

/** Paths relative to a folder. */
async function filesBelow(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith(DRAFT))
    .map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1));
}
