import type { BackendName } from '../../core/model-config.ts';
import { Cancelled, toWireError } from '../../core/protocol/errors.ts';
import { forModel } from '../../core/spec/for-model.ts';
import { parseSpec, type ExperimentSpec } from '../../core/spec/index.ts';
import { labDefinition } from '../node-engine/labs.ts';
import { openEngine, type OpenEngine, type Place } from '../lib/open-engine.ts';
import { dictionariesOf } from './catalogue.ts';
import { printJson, progressReporter, readSpecs, userPath } from './io.ts';
import { fileLine, inlineLine, type RunLine } from './output.ts';

export interface RunArguments {
  readonly file: string;
  /** Asked instead of the one that each experiment names; null: that one. */
  readonly model: string | null;
  readonly backend: BackendName;
  readonly place: Place;
  /** Folder for arrays; null: they are part of the line. */
  readonly out: string | null;
}

/** `run`: one line per experiment, in order; a failed one does not stop the others. @returns the exit status */
export async function run({ file, model, backend, place, out }: RunArguments): Promise<number> {
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
  let open: OpenEngine | null = null;
  let failed = 0;
  try {
    for (const [i, input] of inputs.entries()) {
      const progress = progressReporter(inputs.length > 1 ? `${i + 1}/${inputs.length}` : 'run');
      try {
        const spec = await askedOf(model, parseSpec(input));
        open ??= await openEngine(place, backend);
        const answer = await open.engine.run(spec, { signal: controller.signal, onProgress: progress.report });
        progress.end();
        await printJson(out === null ? inlineLine(answer) : fileLine(answer, userPath(out)));
      } catch (error) {
        progress.end();
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

async function askedOf(model: string | null, spec: ExperimentSpec): Promise<ExperimentSpec> {
  if (model === null) return spec;
  return forModel(spec, model, dictionariesOf(model), (await labDefinition(spec.lab))?.defaults.saes);
}

const failure = (error: unknown): RunLine => ({ ok: false, error: toWireError(error) });
