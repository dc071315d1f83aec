import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { BackendName } from '../../core/model-config.ts';
import type { Place } from '../lib/open-engine.ts';
import { complain, UsageError } from './io.ts';

const USAGE = `Vitrine's engine without the page.

  vitrine run FILE|-     runs experiments (one JSON object or an array); prints one JSON line for each
      --backend cpu|wasm|webgpu   default wasm
      --in node|chromium          default node; chromium: in the built site's worker
      --out DIR                   arrays as DIR/<specHash>.safetensors, beside DIR/<specHash>.json
  vitrine labs           the labs, one JSON line each, with an experiment to begin with
  vitrine models         the models and their dictionaries, one JSON line each
  vitrine link FILE|-    experiment to address
      --base URL                  default http://localhost:4173/
  vitrine unlink URL     address to experiment
  vitrine bench          times of every backend, against PyTorch where there is one
      --quick                     fewer repetitions
      --out DIR                   default e2e/bench/out
      --markdown FILE             also as a page of documentation
      --only PLACE/BACKEND        one of them, as JSON

Exit status: 0, 1 if an experiment failed, 2 for a command line that is not understood. Progress goes to stderr.
`;

const BACKENDS: readonly BackendName[] = ['cpu', 'wasm', 'webgpu'];
const PLACES: readonly Place[] = ['node', 'chromium'];

/** @returns the exit status */
async function main([command, ...rest]: readonly string[]): Promise<number> {
  switch (command) {
    case 'run': {
      const { values, argument } = parse(rest, 1, {
        backend: { type: 'string' },
        in: { type: 'string' },
        out: { type: 'string' },
      });
      const backend = oneOf('--backend', values['backend'] ?? 'wasm', BACKENDS);
      const place = oneOf('--in', values['in'] ?? 'node', PLACES);
      const { run } = await import('./run.ts');
      return run({ file: argument, backend, place, out: text(values['out']) });
    }
    case 'labs':
      parse(rest, 0, {});
      return (await import('./catalogue.ts')).labs();
    case 'models':
      parse(rest, 0, {});
      return (await import('./catalogue.ts')).models();
    case 'link': {
      const { values, argument } = parse(rest, 1, { base: { type: 'string' } });
      const { link, LOCAL } = await import('./link.ts');
      return link(argument, text(values['base']) ?? LOCAL);
    }
    case 'unlink':
      return (await import('./link.ts')).unlink(parse(rest, 1, {}).argument);
    case 'bench': {
      const { values } = parse(rest, 0, {
        quick: { type: 'boolean' },
        out: { type: 'string' },
        markdown: { type: 'string' },
        only: { type: 'string' },
      });
      const { bench } = await import('../bench/index.ts');
      return bench({
        quick: values['quick'] === true,
        out: text(values['out']),
        markdown: text(values['markdown']),
        only: text(values['only']),
      });
    }
    case 'help':
    case '--help':
    case '-h':
      process.stdout.write(USAGE);
      return 0;
    case undefined:
      throw new UsageError('which command?');
    default:
      throw new UsageError(`there is no command "${command}"`);
  }
}

type Options = NonNullable<ParseArgsConfig['options']>;
type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

/** @param count how many arguments the command takes besides its options: one, or none */
function parse(args: readonly string[], count: 0 | 1, options: Options): { readonly values: Values; readonly argument: string } {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    if (positionals.length > count) throw new UsageError(`too many arguments: ${positionals.slice(count).join(' ')}`);
    const [argument] = positionals;
    if (count === 1 && argument === undefined) throw new UsageError('an argument is missing');
    return { values, argument: argument ?? '' };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function oneOf<T extends string>(option: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((item) => item === value);
  if (found === undefined) throw new UsageError(`${option} is one of ${allowed.join(', ')}`);
  return found;
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

// A reader that has seen enough (`| head -1`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

// Dawn and Chromium keep the process alive, so it is ended.
try {
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  complain(`${error.message}\n\n${USAGE}`);
  process.exit(2);
}
