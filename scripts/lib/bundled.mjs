/**
 * Runs a script of `scripts/` together with the engine in plain Node. tfjs' packages resolve in Node to CommonJS builds while
 * its gradients exist as ES modules only, which would be two copies of tfjs; so the script is bundled once into `.cache/node`
 * (rolldown, under two seconds) and started from there as long as no source changes.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const CACHE = join(ROOT, '.cache', 'node');
const SOURCES = ['core', 'labs', 'workers', 'scripts', 'package-lock.json'];
const ENTRIES = { vitrine: 'scripts/cli/main.ts', posters: 'scripts/posters/main.ts', 'bench-gpu': 'scripts/bench/gpu/main.ts' };

/** Path, size and time of every source: what decides whether the bundle is still the right one. */
function fingerprint(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return `${relative(ROOT, path)} ${stat.size} ${stat.mtimeMs}\n`;
  return readdirSync(path)
    .filter((name) => !/\.(test\.tsx?|md|tsx)$|^testdata$/.test(name))
    .sort()
    .map((name) => fingerprint(join(path, name)))
    .join('');
}

/** @param {keyof typeof ENTRIES} entry */
export async function importBundled(entry) {
  const key = createHash('sha256')
    .update(SOURCES.map((path) => fingerprint(join(ROOT, path))).join(''))
    .digest('hex')
    .slice(0, 16);
  const dir = join(CACHE, key);
  if (!existsSync(dir)) await bundle(dir);
  await import(pathToFileURL(join(dir, `${entry}.js`)).href);
}

async function bundle(dir) {
  const { rolldown } = await import('rolldown');
  const { viteImportGlobPlugin } = await import('rolldown/experimental');
  const build = await rolldown({
    cwd: ROOT,
    input: ENTRIES,
    platform: 'node',
    plugins: [viteImportGlobPlugin({ root: ROOT })],
    external: ['webgpu', 'node-fetch', 'vite', '@playwright/test', 'prettier'],
    resolve: { mainFields: ['module', 'main'] },
    // tfjs evaluates a `require` of its own; nothing here calls `eval` on text from outside.
    onLog: (level, log, next) => (level === 'warn' && log.code === 'EVAL' ? undefined : next(level, log)),
  });
  // Written aside and renamed, so that two processes never read each other's half-written bundle.
  const draft = `${dir}.${process.pid}`;
  await build.write({ dir: draft, format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' });
  await build.close();
  const old = existsSync(CACHE) ? readdirSync(CACHE).map((name) => join(CACHE, name)) : [];
  mkdirSync(CACHE, { recursive: true });
  try {
    renameSync(draft, dir);
  } catch (error) {
    if (!existsSync(dir)) throw error;
    rmSync(draft, { recursive: true, force: true });
  }
  const hour = Date.now() - 3_600_000;
  for (const path of old) {
    if (path !== dir && existsSync(path) && statSync(path).mtimeMs < hour) rmSync(path, { recursive: true, force: true });
  }
}
