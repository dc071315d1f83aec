import { columnsOf, jointRowOf, type SparseRows } from '../../../core/dashboards/columns.ts';
import { DASHBOARD_SEED, documentShares } from '../../../core/dashboards/corpus.ts';
import { nearestInside } from '../../../core/dashboards/directions.ts';
import { activeCounts, RecordMaker } from '../../../core/dashboards/feature.ts';
import { labelled } from '../../../core/dashboards/matches.ts';
import type { FeatureRecord } from '../../../core/dashboards/record.ts';
import { Correlation, correlatedFeatures } from '../../../core/dashboards/correlate.ts';
import type { Correlations, DashboardCorpus } from '../../../core/dashboards/types.ts';
import type { RunContext, Sae } from '../../../workers/api.ts';
import { unitDirections } from './directions.ts';
import { CorpusBuilder, readDocument, type CorpusRecipe } from './documents.ts';
import { encodeSection, SECTION } from './encode.ts';

export interface ComputedFeature {
  readonly record: FeatureRecord;
  readonly active: Int32Array;
  readonly corpus: DashboardCorpus;
  readonly recipe: CorpusRecipe;
  readonly correlations: Correlations;
}

/**
 * One feature's record, computed here on the first documents of the corpus: the same as is stored where dashboards were made on
 * as many documents with the same backend, but for `elsewhere`, for which all other dictionaries would have to be fetched.
 */
export async function computeFeature(ctx: RunContext, sae: Sae, feature: number, documents: number): Promise<ComputedFeature> {
  const recipe: CorpusRecipe = { seed: DASHBOARD_SEED, shares: documentShares() };
  const builder = new CorpusBuilder(ctx.model);
  const parts: SparseRows[] = [];
  const neurons = new Correlation(sae.dIn);
  for (let from = 0; from < documents; from += SECTION) {
    ctx.progress('documents', from, documents, 'documents');
    const section = Array.from({ length: Math.min(SECTION, documents - from) }, (_, i) =>
      readDocument(ctx.model, recipe, from + i),
    );
    for (const document of section) builder.add(document);
    const [rows] = await encodeSection(
      ctx,
      [sae],
      section.map((d) => d.ids),
      ({ x, from: at, features, values }) => {
        const own = features.indexOf(feature);
        neurons.add(own < 0 ? 0 : (values[own] ?? 0), x, at);
      },
    );
    if (rows) parts.push(rows);
  }
  ctx.progress('documents', documents, documents, 'documents');
  await ctx.checkpoint();
  const { corpus, table } = builder.build();
  const columns = columnsOf(parts, sae.dSae);
  const maker = new RecordMaker({
    columns,
    labelled: labelled(corpus, table),
    joint: (f) => jointRowOf(parts, sae.dSae, f),
  });
  const rows = await unitDirections(ctx, sae, 'own');
  const record = maker.record(feature, { nearest: rows ? nearestInside(rows, feature) : [], elsewhere: [] });
  return {
    record,
    active: activeCounts(columns),
    corpus: { seed: recipe.seed, documents, tokens: corpus.ids.length },
    recipe,
    correlations: { neurons: neurons.top(), features: correlatedFeatures(parts, sae.dSae, feature) },
  };
}
