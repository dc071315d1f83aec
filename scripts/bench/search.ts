import type { SearchResult } from '../../labs/feature-search/result.ts';
import { ALL_SITES, lab as featureSearch } from '../../labs/feature-search/spec.ts';
import type { Engine } from '../../workers/client/engine.ts';
import { median } from './median.ts';

export interface SearchMeasured {
  /** Dictionaries that are searched. */
  readonly dictionaries: number;
  /** By prompt over all of them: the first time, when most of them are read, and later (median). */
  readonly firstMs: number;
  readonly laterMs: number;
  /** Later ones, until the first dictionary's features are there (median). */
  readonly firstSiteMs: number;
  /** By token over all of them (median). */
  readonly tokenMs: number;
}

/** Search over every dictionary of the embedded model. */
export async function measureSearch(engine: Engine, repeat: number): Promise<SearchMeasured> {
  const first = await once(engine, {});
  const later: Awaited<ReturnType<typeof once>>[] = [];
  for (let i = 0; i < repeat; i++) later.push(await once(engine, {}));
  const token: number[] = [];
  for (let i = 0; i < repeat; i++) token.push((await once(engine, { by: 'token' })).totalMs);
  return {
    dictionaries: ALL_SITES.length,
    firstMs: first.totalMs,
    laterMs: median(later.map(({ totalMs }) => totalMs)),
    firstSiteMs: median(later.map(({ firstSiteMs }) => firstSiteMs)),
    tokenMs: median(token),
  };
}

async function once(
  engine: Engine,
  params: { readonly by?: string },
): Promise<{ readonly totalMs: number; readonly firstSiteMs: number }> {
  const began = performance.now();
  let firstSiteMs = NaN;
  const { payload } = await engine.run(
    { ...featureSearch.defaults, params },
    {
      fresh: true,
      onChunk: (chunk) => {
        if (Number.isNaN(firstSiteMs) && (chunk as { part: string }).part.endsWith('-site'))
          firstSiteMs = performance.now() - began;
      },
    },
  );
  const totalMs = performance.now() - began;
  if ((payload as SearchResult).sites.length !== ALL_SITES.length) throw new Error('not every dictionary was searched');
  return { totalMs, firstSiteMs };
}
