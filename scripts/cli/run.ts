import type { BackendName } from '../../core/model-config.ts';
import { Cancelled, toWireError } from '../../core/protocol/errors.ts';
import { parseSpec } from '../../core/spec/index.ts';
import { askOnTerminal } from '../lib/ask.ts';
import { openEngine, type OpenEngine, type Place } from '../lib/open-engine.ts';
import { hubOnDisk } from './hub.ts';
import { hubFolder, hubHost } from './hub-shelf.ts';
import { complain, printJson, progressReporter, readSpecs, UsageError, userPath } from './io.ts';
import { ModelsOfRun } from './models-of-run.ts';
import { fileLine, inlineLine, type RunLine } from './output.ts';

export interface RunArguments {
  readonly file: string;
  readonly backend: BackendName;
  readonly place: Place;
  /** Folder for arrays; null: they are part of the line. */
  readonly out: string | null;
  /** Asked instead of the one that each experiment names: an id of the catalogue, a model of the Hub, a path. Null: that one. */
  readonly model: string | null;
  /** Models of the Hub may be downloaded without asking. */
  readonly yes: boolean;
  /** Of the reader, for gated repositories. */
  readonly token: string | null;
}

/** `run`: one line per experiment, in order; a failed one does not stop the others. @returns the exit status */
export async function run({ file, backend, place, out, model, yes, token }: RunArguments): Promise<number> {
  let inputs: readonly unknown[];
  try {
    inputs = readSpecs(file);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'VitrineError') throw error;
    await printJson(failure(error));
    return 1;
  }
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort());
  const hub = hubOnDisk({
    host: hubHost,
    token,
    folder: hubFolder(),
    yes,
    backend,
    signal: controller.signal,
    ask: askOnTerminal,
    say: complain,
  });
  const models = new ModelsOfRun(hub, model);
  let open: OpenEngine | null = null;
  let failed = 0;
  try {
    for (const [i, input] of inputs.entries()) {
      const progress = progressReporter(inputs.length > 1 ? `${i + 1}/${inputs.length}` : 'run');
      try {
        const { spec, give } = await models.prepare(parseSpec(input));
        open ??= await openEngine(place, backend, hub);
        give(open);
        const answer = await open.engine.run(spec, { signal: controller.signal, onProgress: progress.report });
        progress.end();
        await printJson(out === null ? inlineLine(answer) : fileLine(answer, userPath(out)));
      } catch (error) {
        progress.end();
        if (error instanceof UsageError) throw error;
        if (error instanceof Cancelled) return 130;
        failed++;
        await printJson(failure(error));
      }
    }
  } finally {
    await open?.close();
  }
  return failed > 0 ? 1 : 0;
}

const failure = (error: unknown): RunLine => ({ ok: false, error: toWireError(error) });
