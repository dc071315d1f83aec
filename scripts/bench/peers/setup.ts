import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { openBundle } from '../../../workers/weights/catalogue.ts';
import { complain } from '../../cli/io.ts';
import { localModels } from '../../lib/local-models.ts';
import { ROOT } from '../../lib/root.ts';
import { folderSource } from '../../node-engine/file-source.ts';
import { PYTHON } from '../python.ts';

export const MODEL = 'smollm2-135m';
/** What is installed and made for the comparison; served to the page that measures. */
export const PEERS_FOLDER: string = join(ROOT, '.cache', 'peers');
const SOURCES = join(ROOT, 'e2e/bench/peers');

export interface RealModel {
  /** The GGUF file. */
  readonly file: string;
  readonly sha256: string;
}

/** The real model, where `npm run model:add` has put it; else one sentence that says how to get it. */
export async function findModel(): Promise<RealModel | string> {
  const site = process.env['MODELS_SITE'] ?? join(ROOT, 'public');
  if (!localModels(site).some(({ id }) => id === MODEL)) return `${MODEL} is not here; npm run model:add ${MODEL} gets it`;
  const bundle = await openBundle(folderSource(site), MODEL);
  const [file] = bundle.manifest.files;
  if (!file) return `the manifest of ${MODEL} lists no file`;
  return { file: join(site, bundle.file(file.path)), sha256: file.sha256 };
}

/** Versions of the packages that a page is measured with, by `package.json`. */
export function pinned(): Readonly<Record<string, string>> {
  const { dependencies } = JSON.parse(readFileSync(join(SOURCES, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  return dependencies;
}

/** Installs the packages; those of before are taken where they are the same. @returns null, or one sentence that says why not */
export function installPackages(): string | null {
  return installed('package.json', () => {
    copyFileSync(join(SOURCES, 'package.json'), join(PEERS_FOLDER, 'package.json'));
    // The scripts would download builds for Node, which nothing here uses.
    const args = ['install', '--prefix', PEERS_FOLDER, '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'];
    return run('npm', args, 'npm could not install wllama and transformers.js');
  });
}

/** Makes the ONNX files of the model. @returns their folder below `PEERS_FOLDER`; or one sentence, in an object, that says why not */
export function makeOnnx({ file, sha256 }: RealModel): string | { readonly missing: string } {
  const name = `onnx-${sha256.slice(0, 16)}`;
  const python = join(PEERS_FOLDER, 'python');
  const wrong =
    installed('requirements.txt', () => {
      rmSync(python, { recursive: true, force: true });
      const args = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--disable-pip-version-check', '--target', python];
      return run(PYTHON, [...args, '-r', join(SOURCES, 'requirements.txt')], 'pip could not install what makes ONNX files');
    }) ??
    installed('make_onnx.py', () => {
      rmSync(join(PEERS_FOLDER, name), { recursive: true, force: true });
      const path = [python, process.env['PYTHONPATH']].filter((p) => p !== undefined && p !== '').join(delimiter);
      const args = [join(SOURCES, 'make_onnx.py'), file, join(PEERS_FOLDER, name)];
      return run(PYTHON, args, 'the ONNX files could not be made', { PYTHONPATH: path });
    }) ??
    null;
  return wrong === null ? name : { missing: wrong };
}

/** Does a step unless it was done with the same source file, a copy of which is its mark. */
function installed(source: string, step: () => string | null): string | null {
  const mark = join(PEERS_FOLDER, `done-${source}`);
  const text = readFileSync(join(SOURCES, source), 'utf8');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === text) return null;
  mkdirSync(PEERS_FOLDER, { recursive: true });
  rmSync(mark, { force: true });
  const wrong = step();
  if (wrong !== null) return wrong;
  writeFileSync(`${mark}.new`, text);
  renameSync(`${mark}.new`, mark);
  return null;
}

/** @returns null, or one sentence with the line of what it printed that says most */
function run(command: string, args: readonly string[], wrong: string, env: NodeJS.ProcessEnv = {}): string | null {
  complain(`${command} ${args.slice(0, 3).join(' ')} …`);
  const { status, stderr, stdout, error } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    // Progress bars are long.
    maxBuffer: 2 ** 26,
    shell: process.platform === 'win32' && command === 'npm',
  });
  if (error) return `${wrong}: ${command} does not start (${error.message})`;
  if (status === 0) return null;
  const lines = `${stdout}${stderr}`.trim().split('\n');
  // npm and pip say it first, Python last.
  const said = lines.find((line) => /^(?:npm error|ERROR)/.test(line)) ?? lines.at(-1) ?? 'no message';
  return `${wrong} (${said}); the next run tries again`;
}
