import { existsSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { VitrineError } from '../../core/protocol/errors.ts';
import type { FileSource } from '../../workers/weights/file-source.ts';
import { CATALOGUE, mergedCatalogue } from '../lib/local-models.ts';
import { checkRange, type RandomAccessFile } from '../../workers/weights/model-files.ts';

/** Files below a folder, as the page sees them below its address. */
export function folderSource(folder: string): FileSource {
  const below = (path: string): string => {
    if (path.startsWith('/') || path.split('/').includes('..'))
      throw new VitrineError('bad-file', `"${path}" is not below the site's folder`);
    return join(folder, path);
  };
  return {
    open: async (path, { bytes }) => openDiskFile(below(path), path, bytes),
    async read(path, { signal, onBytes } = {}) {
      if (path === CATALOGUE && existsSync(below(path))) return new TextEncoder().encode(mergedCatalogue(folder));
      try {
        const bytes = await readFile(below(path), signal ? { signal } : {});
        onBytes?.(bytes.length, bytes.length);
        return Uint8Array.from(bytes);
      } catch (error) {
        if (isMissing(error)) throw new VitrineError('not-found', `${path} is not there`, { cause: error, detail: { path } });
        throw error;
      }
    },
  };
}

/**
 * A file on disk, read in parts. Its digest is not checked: it was when the file was put there.
 * @param size what it should have; null: what it has
 */
export async function openDiskFile(path: string, name: string, size: number | null): Promise<RandomAccessFile> {
  const handle = await open(path).catch((error: unknown) => {
    if (isMissing(error)) throw new VitrineError('not-found', `${name} is not there`, { cause: error, detail: { path: name } });
    throw error;
  });
  const found = (await handle.stat()).size;
  await handle.close();
  if (size !== null && found < size) throw new VitrineError('truncated', `${name} has ${found} of ${size} bytes`);
  return {
    name: basename(name),
    size: found,
    async read(from, to, signal) {
      signal?.throwIfAborted();
      checkRange({ name, size: found }, from, to);
      // Opened anew each time, since nobody says when the last read was.
      const file = await open(path);
      try {
        const out = new Uint8Array(to - from);
        const { bytesRead } = await file.read(out, 0, out.length, from);
        if (bytesRead < out.length) throw new VitrineError('truncated', `${name} became shorter`);
        return out;
      } finally {
        await file.close();
      }
    },
  };
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR';
}
