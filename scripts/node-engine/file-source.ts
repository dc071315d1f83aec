import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VitrineError } from '../../core/protocol/errors.ts';
import type { FileSource } from '../../workers/weights/file-source.ts';

/** Files below a folder, as the page sees them below its address. */
export function folderSource(folder: string): FileSource {
  return {
    async read(path, { signal, onBytes } = {}) {
      if (path.startsWith('/') || path.split('/').includes('..'))
        throw new VitrineError('bad-file', `"${path}" is not below the site's folder`);
      try {
        const bytes = await readFile(join(folder, path), signal ? { signal } : {});
        onBytes?.(bytes.length, bytes.length);
        return Uint8Array.from(bytes);
      } catch (error) {
        if (isMissing(error)) throw new VitrineError('not-found', `${path} is not there`, { cause: error, detail: { path } });
        throw error;
      }
    },
  };
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR';
}
