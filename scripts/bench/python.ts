import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../lib/root.ts';

/** The Python that has torch and transformers. */
export const PYTHON: string = process.env['VITRINE_PYTHON'] ?? 'python3';
const HINT = 'VITRINE_PYTHON may name a Python with torch and transformers';

/**
 * The JSON that a script of `e2e/bench` prints in its last line; else one sentence that says why there is none.
 * @param input its standard input, as JSON
 */
export function askPython<T>(script: string, args: readonly string[], input: unknown = null): T | string {
  const { status, stdout, stderr, error } = spawnSync(PYTHON, [join(ROOT, 'e2e/bench', script), ...args], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    env: { ...process.env, OMP_WAIT_POLICY: 'PASSIVE' },
  });
  if (error) return `${PYTHON} does not start (${error.message}); ${HINT}`;
  if (status !== 0) return `${PYTHON} could not run ${script} (${stderr.trim().split('\n').at(-1) ?? 'no message'}); ${HINT}`;
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as T;
}
