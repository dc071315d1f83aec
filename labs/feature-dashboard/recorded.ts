import { corpusSampleSteps } from '../../core/dashboards/corpus.ts';
import { GENERATOR, type DashboardIndex } from '../../core/dashboards/files.ts';
import type { StaleReason } from '../../core/dashboards/types.ts';
import type { DashboardPart } from '../../core/share/feature-address.ts';
import type { ExperimentSpec } from '../../core/spec/index.ts';
import type { RecordedAnswer, RecordedIo, RecordedModel } from '../../core/spec/recorded.ts';
import type { Tokenizer } from '../../workers/api.ts';
import type { FeatureRecord } from '../../core/dashboards/record.ts';
import { readDocument, type ReadDocument, type ReadingModel } from './lib/documents.ts';
import { expandRecord } from './lib/expand.ts';
import { storedRecord } from './lib/stored.ts';
import type { DashboardResult } from './result.ts';
import type { DashboardParams, DashboardView } from './spec.ts';

/** Parts of which nothing is stored. */
const TAKES_WEIGHTS: readonly DashboardPart[] = ['test', 'writes', 'weights'];

/**
 * The stored dashboard of a feature, without engine and weights: three files, the model's tokenizer, and the curriculum, which
 * writes the texts of the examples again. What must be read off the weights (logit effects, the reader's own text) is left out.
 * @returns null where nothing is stored of the dictionary, or the experiment asks for something else
 */
export async function recorded(
  spec: ExperimentSpec & { readonly params: DashboardParams; readonly view: DashboardView },
  io: RecordedIo<Tokenizer>,
): Promise<RecordedAnswer<DashboardResult> | null> {
  const [id, ...more] = spec.saes ?? [];
  if (id === undefined || more.length > 0 || spec.params.mode !== 'auto') return null;
  // An embed of parts that take the model reads nothing.
  if (spec.view.parts?.every((part) => TAKES_WEIGHTS.includes(part))) return null;
  // What the model's manifest says is not needed to find the record: neither waits for the other.
  const reading = storedRecord((path) => io.file(path), spec.model, id, spec.params.feature);
  reading.catch(() => undefined);
  const model = await io.model(spec.model);
  const entry = model?.saes.find((sae) => sae.id === id);
  if (!model || !entry || spec.params.feature >= entry.dSae) return null;
  const [stored, tokenizer] = await Promise.all([reading, io.tokenizer(model.id)]);
  if (!stored) return null;
  const { index, record } = stored;
  const { seed, shares, documents, tokens } = index.corpus;
  const reader = { id: model.id, tokenizer, config: { nCtx: model.nCtx } };
  const read = await readAhead(reader, record, index);
  const stale = await staleReasons(index, model, entry.digest);
  const dashboard = expandRecord({
    model: reader,
    read,
    sae: { id, hookName: entry.hookName, architecture: entry.architecture, dSae: entry.dSae },
    record,
    active: index.active,
    corpus: { seed, documents, tokens },
    recipe: { seed, shares },
    origin: { kind: 'stored', generator: index.generator, stale },
    logits: null,
    weights: null,
  });
  return {
    result: { texts: [], dashboard },
    made: {
      model: index.model,
      saes: [{ id, digest: index.sae.digest }],
      // `vitrine dashboards` runs nowhere else.
      backend: 'wasm',
    },
  };
}

/** Milliseconds that the page's own thread reads without a pause. */
const SLICE = 8;

/** Does a long work in slices, with pauses in which the page answers to its reader. */
async function inSlices<T>(steps: Generator<void, T>): Promise<T> {
  for (let began = performance.now(); ;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    if (performance.now() - began < SLICE) continue;
    await new Promise((resolve) => setTimeout(resolve, 0));
    began = performance.now();
  }
}

/** Writes and cuts the documents of all examples. */
function readAhead(
  reader: ReadingModel,
  { groups }: FeatureRecord,
  { corpus }: DashboardIndex,
): Promise<Map<number, ReadDocument>> {
  function* documents(): Generator<void, Map<number, ReadDocument>> {
    const read = new Map<number, ReadDocument>();
    for (const n of new Set(groups.flatMap(({ examples }) => examples.map(({ document }) => document)))) {
      if (n < corpus.documents) read.set(n, readDocument(reader, corpus, n));
      yield;
    }
    return read;
  }
  return inSlices(documents());
}

/** What is not the same now as when it was made, by the digests that the manifest lists. */
async function staleReasons(made: DashboardIndex, { digest, quantization }: RecordedModel, sae: string): Promise<StaleReason[]> {
  const { seed, shares, sample } = made.corpus;
  const text = await inSlices(corpusSampleSteps(seed, shares));
  const checks: readonly (readonly [StaleReason, boolean])[] = [
    ['model', made.model.digest !== digest],
    ['quantization', made.model.quantization !== quantization],
    ['sae', made.sae.digest !== sae],
    ['text', sample !== text],
    ['generator', made.generator !== GENERATOR],
  ];
  return checks.filter(([, differs]) => differs).map(([reason]) => reason);
}
