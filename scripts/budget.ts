/** What the built site may weigh; run by `npm test` after the build. Prints each number beside its limit. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

const DIST = 'dist';
const kB = 1_000;
const MB = 1_000_000;

function files(dir: string): string[] {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
}
const size = (path: string): number => statSync(path).size;
const zipped = (path: string): number => gzipSync(readFileSync(path)).length;
const sum = (paths: readonly string[], measure: (path: string) => number): number =>
  paths.reduce((total, path) => total + measure(path), 0);

function withImports(paths: readonly string[]): string[] {
  const found = new Set(paths);
  for (const path of found)
    for (const [, name] of readFileSync(path, 'utf8').matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g))
      found.add(join(dirname(path), name ?? ''));
  return [...found];
}

const all = files(DIST);
const html = readFileSync(join(DIST, 'index.html'), 'utf8');
/** What the first paint needs: the page, and the scripts and styles that it names. */
const first = [
  join(DIST, 'index.html'),
  ...[...html.matchAll(/(?:src|href)="\.?\/?([^"]+\.(?:js|css))"/g)].map((m) => join(DIST, m[1] ?? '')),
];
/** The engine's worker with the chunks that it imports at once; labs come later, one by one. */
const worker = withImports(all.filter((path) => /engine\.worker.*\.js$/.test(path)));
const embedded = all.filter((path) => /[/\\](models|saes)[/\\]primer[/\\]/.test(path));

const rows: (readonly [string, number, number])[] = [
  ['first paint, gzipped (page, scripts, styles)', sum(first, zipped), 300 * kB],
  ['engine worker, gzipped', sum(worker, zipped), 300 * kB],
  ['primer and its dictionaries', sum(embedded, size), 25 * MB],
];
const dashboards = all.filter((path) => /[/\\]dashboards[/\\]/.test(path));
if (dashboards.length > 0) {
  const shard = Math.max(...dashboards.filter((path) => /[/\\]\d+\.bin$/.test(path)).map(size));
  const index = Math.max(...dashboards.filter((path) => path.endsWith('index.bin')).map(size));
  const manifest = Math.max(...dashboards.filter((path) => path.endsWith('manifest.json')).map(size));
  rows.push(
    ['dashboards of primer', sum(dashboards, size), 16 * MB],
    ['opening one dashboard (manifest, index, shard)', shard + index + manifest, 60 * kB],
  );
}
let failed = false;
for (const [what, bytes, limit] of rows) {
  const over = bytes > limit || bytes === 0;
  failed ||= over;
  process.stdout.write(`${over ? 'OVER' : 'ok  '} ${what}: ${bytes} of ${limit} bytes\n`);
}
process.exit(failed ? 1 : 0);
