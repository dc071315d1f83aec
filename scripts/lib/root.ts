import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder, from a script or from its bundle in `.cache`. */
export const ROOT: string = find(dirname(fileURLToPath(import.meta.url)));

function find(dir: string): string {
  if (existsSync(join(dir, 'vite.config.ts'))) return dir;
  const up = dirname(dir);
  if (up === dir) throw new Error('vite.config.ts was not found above this script');
  return find(up);
}
