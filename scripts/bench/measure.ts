import type { BackendName } from '../../core/model-config.ts';
import type { ExperimentSpec } from '../../core/spec/index.ts';
import type { Generated } from '../../e2e/bench/generate-lab.ts';
import type { ExploreChunk, ExploreResult } from '../../labs/explore/result.ts';
import { lab as explore } from '../../labs/explore/spec.ts';
import type { DashboardResult } from '../../labs/feature-dashboard/result.ts';
import { lab as featureDashboard } from '../../labs/feature-dashboard/spec.ts';
import type { Engine, EngineInfo } from '../../workers/client/engine.ts';
import type { OpenEngine, Place } from '../lib/open-engine.ts';
import { openOwnLabs } from './own-labs.ts';
import { median } from './median.ts';
import { measureSearch, type SearchMeasured } from './search.ts';
import { measureSteering, type SteeringMeasured } from './steering.ts';

export const NEW_TOKENS = 32;

export interface Measured {
  readonly place: Place;
  readonly backend: BackendName;
  readonly adapter: string | null;
  readonly threads: number | null;
  /** First message to the worker → backend open. */
  readonly startMs: number;
  /** Model and one dictionary: read, checked, on the device. */
  readonly loadMs: number;
  /** Of that, what they take there. */
  readonly weightBytes: number;
  /** The first run of `explore`, shaders and buffers included, until its features are there. */
  readonly firstFeaturesMs: number;
  /** Later runs: prompt → features, and prompt → everything that `explore` shows. Medians. */
  readonly featuresMs: number;
  readonly exploreMs: number;
  /**
   * A stored dashboard: the first one, whose manifest, index and shard are read, and later ones of the same dictionary (median).
   * Null where none is stored.
   */
  readonly dashboards: { readonly firstMs: number; readonly laterMs: number } | null;
  readonly deviceBytes: number | null;
  /** Greedy, with cache; median. */
  readonly tokensPerSecond: number;
  readonly search: SearchMeasured;
  readonly steering: SteeringMeasured;
}

/** Ids of the prompt that everything is measured on, for the other side of the comparison. */
export interface Workload {
  readonly ids: readonly number[];
  readonly saes: readonly string[];
}

export async function measure(
  place: Place,
  backend: BackendName,
  repeat: number,
  open: () => Promise<OpenEngine>,
): Promise<{ readonly measured: Measured; readonly workload: Workload }> {
  const { measured, workload } = await measureEngine(place, backend, repeat, open);
  // In Node a process has one device: the engine of this comes when the other is gone.
  return { measured: { ...measured, tokensPerSecond: await generation(place, backend, workload.ids, repeat) }, workload };
}

async function measureEngine(
  place: Place,
  backend: BackendName,
  repeat: number,
  open: () => Promise<OpenEngine>,
): Promise<{ readonly measured: Omit<Measured, 'tokensPerSecond'>; readonly workload: Workload }> {
  const { engine, close } = await open();
  try {
    const startMs = await timed(() => ready(engine));
    const info = await ready(engine);
    const saes = explore.defaults.saes ?? [];
    let weightBytes = 0;
    const loadMs = await timed(async () => {
      ({ bytes: weightBytes } = await engine.load(explore.defaults.model, { saes }));
    });
    const first = await exploreOnce(engine);
    const runs: Awaited<ReturnType<typeof exploreOnce>>[] = [];
    for (let i = 0; i < repeat; i++) runs.push(await exploreOnce(engine));
    const dashboards = await openDashboards(engine, repeat);
    const ids = first.result.tokens.map(({ id }) => id);
    const deviceBytes = engine.snapshot().memory?.deviceBytes ?? null;
    const search = await measureSearch(engine, Math.max(2, Math.ceil(repeat / 3)));
    const steering = await measureSteering(engine, Math.max(2, Math.ceil(repeat / 3)));
    return {
      measured: {
        place,
        backend,
        adapter: info.adapter,
        threads: info.threads,
        startMs,
        loadMs,
        weightBytes,
        firstFeaturesMs: first.featuresMs,
        featuresMs: median(runs.map((run) => run.featuresMs)),
        exploreMs: median(runs.map((run) => run.totalMs)),
        dashboards,
        deviceBytes,
        search,
        steering,
      },
      workload: { ids, saes },
    };
  } finally {
    await close();
  }
}

async function exploreOnce(
  engine: Engine,
): Promise<{ readonly featuresMs: number; readonly totalMs: number; readonly result: ExploreResult }> {
  const began = performance.now();
  let featuresMs = NaN;
  const { payload } = await engine.run(explore.defaults, {
    fresh: true,
    onChunk: (chunk) => {
      if ((chunk as ExploreChunk).part === 'features') featuresMs = performance.now() - began;
    },
  });
  return { featuresMs, totalMs: performance.now() - began, result: payload as ExploreResult };
}

async function openDashboards(engine: Engine, repeat: number): Promise<Measured['dashboards']> {
  const times: number[] = [];
  for (let feature = 0; feature <= repeat; feature++) {
    const began = performance.now();
    const spec = { ...featureDashboard.defaults, params: { feature, documents: 2 } };
    const { payload } = await engine.run(spec, { fresh: true });
    times.push(performance.now() - began);
    if ((payload as DashboardResult).dashboard?.origin.kind !== 'stored') return null;
  }
  const [firstMs = NaN, ...later] = times;
  return { firstMs, laterMs: median(later) };
}

async function generation(place: Place, backend: BackendName, ids: readonly number[], repeat: number): Promise<number> {
  const { engine, close } = await openOwnLabs(place, backend);
  try {
    const spec: ExperimentSpec = {
      v: 1,
      lab: 'bench-generate',
      labV: 1,
      model: explore.defaults.model,
      prompts: [{ tokens: ids }],
      params: {},
      sampling: { seed: 0, maxNewTokens: NEW_TOKENS },
    };
    const rates: number[] = [];
    for (let i = 0; i <= repeat; i++) {
      const { tokens, milliseconds } = (await engine.run(spec, { fresh: true })).payload as Generated;
      if (i > 0) rates.push((tokens.length / milliseconds) * 1e3);
    }
    return median(rates);
  } finally {
    await close();
  }
}

/** Resolves when the engine's handshake is done. */
export function ready(engine: Engine): Promise<EngineInfo> {
  return new Promise((resolve, reject) => {
    let end: (() => void) | null = null;
    const look = (): void => {
      const { status } = engine.snapshot();
      if (status.state !== 'ready' && status.state !== 'failed') return;
      end?.();
      if (status.state === 'ready') resolve(status.info);
      else reject(new Error(`${status.error.code}: ${status.error.message}`));
    };
    end = engine.subscribe(look);
    look();
  });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
