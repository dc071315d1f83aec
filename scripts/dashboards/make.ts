import * as v from 'valibot';
import { columnsOf, jointCounts, jointRow, type SparseRows } from '../../core/dashboards/columns.ts';
import { corpusSample, DASHBOARD_SEED, documentShares } from '../../core/dashboards/corpus.ts';
import { nearestInside } from '../../core/dashboards/directions.ts';
import { activeCounts, RecordMaker, type Neighbours } from '../../core/dashboards/feature.ts';
import { describeMaking, type Making } from '../../core/dashboards/files.ts';
import { labelled, type Labelled } from '../../core/dashboards/matches.ts';
import type { FeatureRecord } from '../../core/dashboards/record.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import type { LabDefinition } from '../../core/spec/index.ts';
import { unitDirections } from '../../labs/feature-dashboard/lib/directions.ts';
import { CorpusBuilder, readDocument, type CorpusRecipe } from '../../labs/feature-dashboard/lib/documents.ts';
import { encodeSection, SECTION } from '../../labs/feature-dashboard/lib/encode.ts';
import type { RunContext, Sae } from '../../workers/api.ts';
import type { LabModule } from '../../workers/runtime/environment.ts';
import { nearestElsewhere, writtenDirections } from './nearest.ts';
import { dropRows, spoolDocuments, spooledDocuments, spooledRows, spoolRows, type Spool } from './spool.ts';

/** All features of one dictionary. */
export interface MadeDictionary {
  readonly making: Making;
  readonly sae: Sae;
  readonly active: Int32Array;
  readonly max: Float32Array;
  /** In the order of the features; made as they are asked for. */
  readonly records: Iterable<FeatureRecord>;
}

interface Common {
  readonly model: string;
  /** What is read or made here. */
  readonly saes: readonly string[];
  readonly documents: number;
  readonly spool: Spool;
  /** Rates, as the work goes on. */
  readonly note: (line: string) => void;
}

export interface ReadOptions extends Common {
  /** Which of the spool's parts. */
  readonly part: number;
}

export interface MakeOptions extends Common {
  /** Every dictionary of the model, for the nearest features elsewhere. */
  readonly all: readonly string[];
  /** Called for one dictionary after the other. */
  readonly save: (made: MadeDictionary) => void;
}

/** Reads a part of the corpus: one forward pass for all dictionaries. */
export const readLab = (options: ReadOptions): LabModule => labOf(options.model, (ctx) => read(options, ctx));

/** Makes the dashboards of dictionaries, one after the other, of what was read. */
export const makeLab = (options: MakeOptions): LabModule => labOf(options.model, (ctx) => make(options, ctx));

/** The engine's part of this command, as a lab that only it knows. */
function labOf(model: string, run: (ctx: RunContext) => AsyncGenerator<unknown, null>): LabModule {
  const none = v.strictObject({});
  const lab: LabDefinition = {
    id: 'make-dashboards',
    version: 1,
    title: 'Dashboards',
    question: 'What are all features of these dictionaries?',
    needs: { saes: true },
    params: none,
    view: none,
    defaults: { v: 1, lab: 'make-dashboards', labV: 1, model, prompts: [], params: {} },
  };
  return { lab, run: (_spec, ctx) => run(ctx) };
}

async function load(ctx: RunContext, ids: readonly string[]): Promise<Sae[]> {
  const saes: Sae[] = [];
  for (const id of ids) saes.push(await ctx.sae(id));
  return saes;
}

async function* read({ saes: ids, documents, spool, part, note }: ReadOptions, ctx: RunContext): AsyncGenerator<unknown, null> {
  const saes = await load(ctx, ids);
  const recipe: CorpusRecipe = { seed: DASHBOARD_SEED, shares: documentShares() };
  const clock = stopwatch();
  let tokens = 0;
  let sections = 0;
  for (let from = part * SECTION; from < documents; from += spool.parts * SECTION) {
    const list = Array.from({ length: Math.min(SECTION, documents - from) }, (_, i) => readDocument(ctx.model, recipe, from + i));
    const rows = await encodeSection(
      ctx,
      saes,
      list.map((d) => d.ids),
    );
    spoolDocuments(spool, part, list);
    for (const [s, sae] of saes.entries()) {
      const found = rows[s];
      if (found) spoolRows(spool, part, sae.id, found);
    }
    tokens += list.reduce((sum, d) => sum + d.ids.length, 0);
    if (++sections % 8 === 0) note(`${tokens} tokens: ${clock(tokens, 'tokens')}`);
    yield null;
  }
  note(`${tokens} tokens, ${saes.length} dictionaries: ${clock(tokens, 'tokens')}`);
  return null;
}

async function* make(options: MakeOptions, ctx: RunContext): AsyncGenerator<unknown, null> {
  const { saes: ids, all, documents, spool, save, note } = options;
  const { model } = ctx;
  const recipe: CorpusRecipe = { seed: DASHBOARD_SEED, shares: documentShares() };
  const builder = new CorpusBuilder(model);
  for (const document of spooledDocuments(spool)) builder.add(document);
  if (builder.documents !== documents)
    throw new VitrineError('internal', `${builder.documents} of ${documents} documents were read`);
  const { corpus, table } = builder.build();
  const text = labelled(corpus, table);
  const size = { documents, tokens: builder.tokens };
  const making = describeMaking(
    { id: model.id, digest: model.digest, quantization: model.quantization },
    { ...recipe, ...size, sample: corpusSample(recipe.seed, recipe.shares) },
  );
  const nearby = await writtenDirections(ctx, await load(ctx, all));
  for (const sae of await load(ctx, ids)) {
    await ctx.checkpoint();
    const clock = stopwatch();
    const elsewhere = await nearestElsewhere(ctx, sae, nearby);
    const own = await unitDirections(ctx, sae, 'own');
    if (!own) throw new VitrineError('internal', `${sae.id} has no decoder rows`);
    const near = (f: number): Neighbours => ({ nearest: nearestInside(own, f), elsewhere: elsewhere[f] ?? [] });
    save({ making, sae, ...recordsOf(sae, spooledRows(spool, sae.id), text, near) });
    dropRows(spool, sae.id);
    note(`${sae.id}: ${clock(sae.dSae, 'dashboards')}`);
    yield null;
  }
  return null;
}

/** What has passed since, on the clock and of this process' processor time, with the rate of something. */
function stopwatch(): (n: number, unit: string) => string {
  const began = performance.now();
  const used = process.cpuUsage();
  return (n, unit) => {
    const seconds = (performance.now() - began) / 1_000;
    const { user, system } = process.cpuUsage(used);
    const rate = (s: number): string => `${s.toFixed(1)} s (${(n / s).toFixed(0)} ${unit}/s)`;
    return `${rate(seconds)}, processor ${rate((user + system) / 1e6)}`;
  };
}

function recordsOf(
  { dSae }: Sae,
  rows: readonly SparseRows[],
  text: Labelled,
  near: (feature: number) => Neighbours,
): Pick<MadeDictionary, 'active' | 'max' | 'records'> {
  const columns = columnsOf(rows, dSae);
  const joint = jointCounts(rows, dSae);
  const maker = new RecordMaker({ columns, labelled: text, joint: (f) => jointRow(joint, dSae, f) });
  const max = new Float32Array(dSae);
  for (let f = 0; f < dSae; f++)
    for (let e = columns.offsets[f] ?? 0; e < (columns.offsets[f + 1] ?? 0); e++)
      max[f] = Math.max(max[f] ?? 0, columns.values[e] ?? 0);
  function* records(): Generator<FeatureRecord> {
    for (let f = 0; f < dSae; f++) yield maker.record(f, near(f));
  }
  return { active: activeCounts(columns), max, records: records() };
}
