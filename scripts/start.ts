/** `npm start`: builds the site if its sources are newer than the last build, serves it, and prints the address. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build, preview } from 'vite';

const SOURCES = ['app', 'core', 'labs', 'workers', 'public', 'index.html', 'vite.config.ts', 'package-lock.json'];

function newest(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

const built = existsSync('dist/index.html') ? statSync('dist/index.html').mtimeMs : 0;
if (SOURCES.some((path) => existsSync(path) && newest(path) > built)) await build({ logLevel: 'warn' });
const server = await preview({ preview: { port: Number(process.env['PORT'] ?? 4173), open: false } });
process.stdout.write(`\nVitrine runs at ${server.resolvedUrls?.local[0] ?? 'http://localhost:4173/'} (stop it with Ctrl+C)\n`);
