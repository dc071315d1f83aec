import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './root.ts';
import { contentPolicy } from './vite-plugins.ts';

const SOURCES = ['app', 'core', 'labs', 'workers', 'public', 'index.html', 'vite.config.ts', 'package-lock.json'];

function newest(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** Builds the site into `dist/` if a source is newer than the last build, or other hosts may be asked than it was built for. */
export async function ensureBuilt(): Promise<void> {
  const index = join(ROOT, 'dist', 'index.html');
  const built = existsSync(index) ? statSync(index).mtimeMs : 0;
  const sources = SOURCES.map((name) => join(ROOT, name)).filter((path) => existsSync(path));
  if (sources.every((path) => newest(path) <= built) && sameHosts(readFileSync(index, 'utf8'))) return;
  const { build } = await import('vite');
  await build({ root: ROOT, logLevel: 'warn' });
}

/** Quotes are written as entities in the page. */
const sameHosts = (page: string): boolean => page.replaceAll('&#39;', "'").includes(`content="${contentPolicy()}"`);
