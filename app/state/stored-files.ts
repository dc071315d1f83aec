import { VitrineError } from '../../core/protocol/errors.ts';

/** Files that stay at hand: manifest, indexes, the latest shards. */
const KEPT = 32;
const files = new Map<string, Promise<Uint8Array | null>>();

/**
 * A file of the stored dashboards, below the site; null where there is none. Whoever asks for the same file shares one
 * download. Throws VitrineError `network`; the next one to ask tries again.
 */
export function storedFile(path: string): Promise<Uint8Array | null> {
  const known = files.get(path);
  if (known) return known;
  const read = fetchBytes(path);
  files.set(path, read);
  read.catch(() => files.delete(path));
  for (const old of [...files.keys()].slice(0, -KEPT)) files.delete(old);
  return read;
}

/** A host may answer with its start page instead of 404. */
async function fetchBytes(path: string): Promise<Uint8Array | null> {
  const response = await fetch(new URL(`${import.meta.env.BASE_URL}${path}`, document.baseURI)).catch((cause: unknown) => {
    throw new VitrineError('network', `${path} did not arrive`, { cause });
  });
  if (response.status === 404 || response.headers.get('content-type')?.includes('html') === true) return null;
  if (!response.ok) throw new VitrineError('network', `${path}: the server answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
