import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './root.ts';

const SOURCES = ['app', 'core', 'labs', 'workers', 'public', 'index.html', 'vite.config.ts', 'package-lock.json'];

function newest(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** Builds the site into `dist/` if a source is newer than the last build. */
export async function ensureBuilt(): Promise<void> {
  const index = join(ROOT, 'dist', 'index.html');
  const built = existsSync(index) ? statSync(index).mtimeMs : 0;
  const sources = SOURCES.map((name) => join(ROOT, name)).filter((path) => existsSync(path));
  if (sources.every((path) => newest(path) <= built)) return;
  const { build } = await import('vite');
  await build({ root: ROOT, logLevel: 'warn' });
}
