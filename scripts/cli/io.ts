import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { VitrineError } from '../../core/protocol/errors.ts';
import type { Progress } from '../../core/protocol/messages.ts';
import { megabytes } from '../../core/sizes.ts';

/** A command line that cannot be carried out as written: exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** `npm run` starts scripts in the repository; paths are meant from where the reader stands. */
export function userPath(path: string): string {
  const { INIT_CWD, npm_lifecycle_event } = process.env;
  return resolve(
    (npm_lifecycle_event === 'vitrine' || npm_lifecycle_event === 'model:add') && INIT_CWD ? INIT_CWD : process.cwd(),
    path,
  );
}

/**
 * The experiments of a file (`-`: of the standard input): one, or an array of them, not validated yet.
 * @throws UsageError if it cannot be read, VitrineError `bad-spec` if it is not JSON
 */
export function readSpecs(file: string): readonly unknown[] {
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : userPath(file), 'utf8');
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  try {
    const json = JSON.parse(text) as unknown;
    return Array.isArray(json) ? json : [json];
  } catch (error) {
    throw new VitrineError('bad-spec', `this is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Resolves when the line is handed over, so that a process may end after it even where the reader is slow. */
export function print(line: string): Promise<void> {
  return new Promise((written, failed) => {
    process.stdout.write(`${line}\n`, (error) => (error ? failed(error) : written()));
  });
}

export const printJson = (value: unknown): Promise<void> => print(JSON.stringify(value));

export function complain(message: string): void {
  process.stderr.write(`${message}\n`);
}

/** Milliseconds between two looks at how far something is. */
const STEP = 100;

/** Shows progress on stderr: on a terminal one line that is rewritten, elsewhere one line per phase. */
export function progressReporter(label: string): {
  readonly report: (progress: Pick<Progress, 'phase' | 'done' | 'total' | 'unit'>) => void;
  readonly end: () => void;
} {
  const terminal = process.stderr.isTTY;
  let phase = '';
  let open = false;
  let shown = -Infinity;
  return {
    report: ({ phase: now, done, total, unit }) => {
      const amount = (n: number): string => (unit === 'bytes' ? megabytes(n) : String(n));
      const what = unit === 'bytes' ? '' : ` ${unit}`;
      if (!terminal) {
        if (now !== phase) complain(`${label}: ${now} (${amount(total)}${what})`);
      } else if (now !== phase || done === total || performance.now() - shown > STEP) {
        process.stderr.write(`\r\x1b[K${label}: ${now} ${amount(done)} of ${amount(total)}${what}`);
        shown = performance.now();
        open = true;
      }
      phase = now;
    },
    end: () => {
      if (open) process.stderr.write('\r\x1b[K');
      open = false;
    },
  };
}
