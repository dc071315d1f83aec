import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Plugin } from 'vite';
import type { KernelBuild } from '../../workers/kernels/wasm/kernels.ts';
import { ROOT } from './root.ts';

const SOURCES = join(ROOT, 'workers/kernels/wasm/assembly');
const CACHE = join(ROOT, '.cache/wasm');
/** 2 GiB, as `workers/kernels/wasm/kernels.ts` asks for. */
const MOST_PAGES = '32768';

const FLAGS: Readonly<Record<KernelBuild, readonly string[]>> = {
  plain: [],
  relaxed: ['--enable', 'relaxed-simd'],
  'plain-threads': ['--enable', 'threads', '--sharedMemory'],
  'relaxed-threads': ['--enable', 'relaxed-simd', '--enable', 'threads', '--sharedMemory'],
};

/** The compiled kernels as a file; compiled when their sources or the compiler have changed. */
export function kernelFile(build: KernelBuild): string {
  const compiler = join(dirname(createRequire(join(ROOT, 'package.json')).resolve('assemblyscript/package.json')));
  const hash = createHash('sha256').update(readFileSync(join(compiler, 'package.json')));
  for (const name of readdirSync(SOURCES).sort()) hash.update(name).update(readFileSync(join(SOURCES, name)));
  hash.update(JSON.stringify(FLAGS));
  const folder = join(CACHE, hash.digest('hex').slice(0, 16));
  const file = join(folder, `${build}.wasm`);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  // Written aside and renamed, so that two processes never read each other's half-written file.
  const draft = `${file}.${process.pid}`;
  const options = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--disableWarning', '112'];
  const memory = ['--importMemory', '--initialMemory', '16', '--maximumMemory', MOST_PAGES];
  const entry = join(SOURCES, 'index.ts');
  const args = [join(compiler, 'bin/asc.js'), entry, ...options, ...memory, ...FLAGS[build], '--outFile', draft];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the WASM kernels do not compile:\n${stderr}`);
  renameSync(draft, file);
  return file;
}

/** Lets `import url from 'wasm-kernels/plain.wasm?url'` find the compiled kernels. */
export function wasmKernels(): Plugin {
  return {
    name: 'wasm-kernels',
    enforce: 'pre',
    resolveId(id) {
      const build = /^wasm-kernels\/(.*)\.wasm\?url$/.exec(id)?.[1];
      if (build === undefined || !(build in FLAGS)) return undefined;
      return `${kernelFile(build as KernelBuild)}?url`;
    },
  };
}
