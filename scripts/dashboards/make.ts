import * as v from 'valibot';
import { columnsOf, jointCounts, jointRow, type SparseRows } from '../../core/dashboards/columns.ts';
import { corpusSample, DASHBOARD_SEED, documentShares } from '../../core/dashboards/corpus.ts';
import { nearestElsewhere, nearestInside, type UnitRows } from '../../core/dashboards/directions.ts';
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

/** How much text: whole sections until there are as many tokens, or this many documents. */
export type Amount = { readonly tokens: number } | { readonly documents: number };

/** All features of one dictionary. */
export interface MadeDictionary {
  readonly making: Making;
  readonly sae: Sae;
  readonly active: Int32Array;
  readonly max: Float32Array;
  /** In the order of the features; made as they are asked for. */
  readonly records: Iterable<FeatureRecord>;
}

export interface MakeOptions {
  readonly model: string;
  readonly saes: readonly string[];
  /** Every dictionary of the model, for the nearest features elsewhere. */
  readonly all: readonly string[];
  readonly amount: Amount;
  /** Called for one dictionary after the other. */
  readonly save: (made: MadeDictionary) => void;
  /** Seconds spent and tokens read, as the work goes on. */
  readonly note: (line: string) => void;
}

/** The engine's part of making dashboards, as a lab that only this command knows. */
export function makeLab(options: MakeOptions): LabModule {
  const none = v.strictObject({});
  const lab: LabDefinition = {
    id: 'make-dashboards',
    version: 1,
    title: 'Dashboards',
    question: 'What are all features of these dictionaries?',
    needs: { saes: true },
    params: none,
    view: none,
    defaults: { v: 1, lab: 'make-dashboards', labV: 1, model: options.model, prompts: [], params: {} },
  };
  return { lab, run: (_spec, ctx) => make(options, ctx) };
}

async function* make({ saes: ids, all, amount, save, note }: MakeOptions, ctx: RunContext): AsyncGenerator<unknown, null> {
  const saes: Sae[] = [];
  for (const id of ids) saes.push(await ctx.sae(id));
  const recipe: CorpusRecipe = { seed: DASHBOARD_SEED, shares: documentShares() };
  const clock = stopwatch();
  const { parts, text } = await readCorpus(ctx, saes, recipe, amount, note);
  note(`${text.size.tokens} tokens, ${saes.length} dictionaries: ${clock(text.size.tokens, 'tokens')}`);
  yield null;

  const { model } = ctx;
  const making = describeMaking(
    { id: model.id, digest: model.digest, quantization: model.quantization },
    { ...recipe, ...text.size, sample: corpusSample(recipe.seed, recipe.shares) },
  );
  const written = new Map<string, UnitRows>();
  for (const id of all) {
    const rows = await unitDirections(ctx, await ctx.sae(id), 'written');
    if (rows) written.set(id, rows);
  }
  for (const [s, sae] of saes.entries()) {
    await ctx.checkpoint();
    const time = stopwatch();
    const own = await unitDirections(ctx, sae, 'own');
    if (!own) throw new VitrineError('internal', `${sae.id} has no decoder rows`);
    const rows = parts[s] ?? [];
    save({ making, sae, ...recordsOf(sae, rows, text.labelled, (f) => neighbours(sae.id, f, own, written)) });
    rows.length = 0;
    note(`${sae.id}: ${time(sae.dSae, 'dashboards')}`);
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

interface ReadCorpus {
  /** [dictionary][section]. */
  readonly parts: SparseRows[][];
  readonly text: {
    readonly labelled: Labelled;
    readonly size: { readonly documents: number; readonly tokens: number };
  };
}

async function readCorpus(
  ctx: RunContext,
  saes: readonly Sae[],
  recipe: CorpusRecipe,
  amount: Amount,
  note: MakeOptions['note'],
): Promise<ReadCorpus> {
  const builder = new CorpusBuilder(ctx.model);
  const parts: SparseRows[][] = saes.map(() => []);
  const clock = stopwatch();
  const left = (): number => ('tokens' in amount ? amount.tokens - builder.tokens : amount.documents - builder.documents);
  for (let section = 0; left() > 0; section++) {
    const n = 'tokens' in amount ? SECTION : Math.min(SECTION, left());
    const documents = Array.from({ length: n }, (_, i) => readDocument(ctx.model, recipe, section * SECTION + i));
    for (const document of documents) builder.add(document);
    const rows = await encodeSection(
      ctx,
      saes,
      documents.map((d) => d.ids),
    );
    for (const [s, part] of rows.entries()) parts[s]?.push(part);
    if (section % 8 === 7) note(`${builder.tokens} tokens: ${clock(builder.tokens, 'tokens')}`);
  }
  const { corpus, table } = builder.build();
  const size = { documents: builder.documents, tokens: builder.tokens };
  return { parts, text: { labelled: labelled(corpus, table), size } };
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

function neighbours(sae: string, feature: number, own: UnitRows, written: ReadonlyMap<string, UnitRows>): Neighbours {
  const here = written.get(sae);
  const elsewhere = [...written.values()]
    .filter((other) => other.sae !== sae)
    .map((other) => (here ? nearestElsewhere(here, feature, other) : null))
    .filter((n) => n !== null);
  return { nearest: nearestInside(own, feature), elsewhere };
}
