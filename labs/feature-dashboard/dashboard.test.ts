import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  decodeIndex,
  encodeIndex,
  manifestPath,
  type DashboardIndex,
  type DashboardsManifest,
} from '../../core/dashboards/files.ts';
import type { FeatureRecord } from '../../core/dashboards/record.ts';
import { decodeShard } from '../../core/dashboards/shard.ts';
import type { FeatureDashboard } from '../../core/dashboards/types.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import { tensorData } from '../../core/protocol/wire-tensor.ts';
import { completeSpec } from '../../core/spec/index.ts';
import type { RecordedIo, RecordedModel } from '../../core/spec/recorded.ts';
import { dashboards, type DashboardsArguments } from '../../scripts/dashboards/index.ts';
import { saveManifest } from '../../scripts/dashboards/files.ts';
import type { OpenEngine } from '../../scripts/lib/open-engine.ts';
import { openNodeEngine } from '../../scripts/node-engine/index.ts';
import type { Tokenizer } from '../../workers/api.ts';
import { createTokenizer } from '../../workers/tokenizer/tokenizer.ts';
import { recorded } from './recorded.ts';
import type { DashboardResult } from './result.ts';
import { lab } from './spec.ts';

const SAE = 'blocks.1.attn.hook_z';
const OTHER = 'blocks.0.hook_resid_post';
const DOCUMENTS = 300;

let site = '';
let open: OpenEngine;
const index = (): DashboardIndex => decodeIndex(readFileSync(join(site, `dashboards/primer/${SAE}/index.bin`)));
const args = (change: Partial<DashboardsArguments> = {}): DashboardsArguments => ({
  model: 'primer',
  saes: [SAE],
  amount: { documents: DOCUMENTS },
  jobs: 2,
  force: false,
  site,
  job: null,
  ...change,
});

async function run(params: object, change: object = {}): Promise<DashboardResult> {
  const spec = { v: 1, lab: 'feature-dashboard', labV: 1, model: 'primer', saes: [SAE], prompts: [], params, ...change };
  const answer = await open.engine.run(spec as never, { fresh: true });
  return answer.payload as DashboardResult;
}
async function dashboard(params: object, change: object = {}): Promise<FeatureDashboard> {
  const { dashboard: found } = await run(params, change);
  if (!found) throw new Error('no dashboard');
  return found;
}

beforeAll(async () => {
  site = mkdtempSync(join(tmpdir(), 'dashboards-'));
  for (const folder of ['models', 'saes']) cpSync(join('public', folder), join(site, folder), { recursive: true });
  // What the command's two reading processes and its making one do, in this process.
  const spool = join(site, 'spool');
  mkdirSync(spool);
  for (const part of [0, 1]) expect(await dashboards(args({ job: { kind: 'read', part, parts: 2, spool } }))).toBe(0);
  expect(await dashboards(args({ job: { kind: 'make', parts: 2, spool } }))).toBe(0);
  const bytes = saveManifest(site, 'primer', [SAE, OTHER]);
  expect(bytes).toBeGreaterThan(100_000);
  open = await openNodeEngine({ backend: 'wasm', folder: site });
}, 600_000);
afterAll(async () => {
  await open?.close();
  rmSync(site, { recursive: true, force: true });
});

describe('stored dashboards', () => {
  /** The most and the least active feature of those that are active at all, and a dead one. */
  const features = (): number[] => {
    const { active } = index();
    const alive = active.flatMap((n, f) => (n > 0 ? [f] : [])).sort((a, b) => (active[b] ?? 0) - (active[a] ?? 0));
    const dead = active.indexOf(0);
    return [alive[0], alive.at(-1), dead < 0 ? undefined : dead].filter((f) => f !== undefined);
  };

  it('equal those that are computed on the same documents', async () => {
    for (const feature of features()) {
      const stored = await dashboard({ feature });
      const computed = await dashboard({ feature, mode: 'computed', documents: DOCUMENTS });
      expect(stored.origin).toMatchObject({ kind: 'stored', stale: [] });
      expect(computed.origin).toEqual({ kind: 'computed', why: 'asked' });
      const { origin: _a, elsewhere, correlations: unmeasured, ...rest } = stored;
      const { origin: _b, elsewhere: none, correlations, ...again } = computed;
      expect(again).toEqual(rest);
      expect(unmeasured).toBeNull();
      // What never fires goes with nothing.
      expect(correlations?.neurons).toHaveLength(computed.stats.active === 0 ? 0 : 3);
      expect(none).toEqual([]);
      expect(elsewhere.length).toBe(11);
    }
  }, 600_000);

  it('show what the model does with each example when it is run alone', async () => {
    const [feature = 0] = features();
    const { groups, stats } = await dashboard({ feature });
    const [top] = groups;
    expect(top?.examples[0]?.value).toBe(stats.max);
    const examples = [top?.examples[0], top?.examples.at(-1), groups.at(-1)?.examples[0]].filter((e) => e !== undefined);
    for (const example of examples) {
      const ids = example.tokens.map((t) => t.id);
      const { texts } = await run({ feature, mode: 'text' }, { prompts: [{ tokens: ids }] });
      const live = tensorData(texts[0]!.activations);
      expect(live[example.position]).toBeCloseTo(example.value, 3);
      const shown = tensorData(example.activations);
      for (let p = 1; p < ids.length; p++) {
        expect(Math.abs((shown[p] ?? 0) - (live[p] ?? 0))).toBeLessThanOrEqual(stats.max / 255);
        expect((shown[p] ?? 0) > 0).toBe((live[p] ?? 0) > 0);
      }
    }
  }, 300_000);

  it('fold texts that read the same, which can be had all the same', async () => {
    const records = index().shards.flatMap(({ path }) => decodeShard(readFileSync(join(site, path)), index()));
    const most = (groups: FeatureRecord['groups']): number =>
      Math.max(...groups.flatMap(({ examples }) => examples.map(({ repeats }) => repeats)), 0);
    const { feature } = records.reduce((a, b) => (most(b.groups) > most(a.groups) ? b : a));
    const { groups, corpus } = await dashboard({ feature });
    const example = groups.flatMap(({ examples }) => examples).reduce((a, b) => (b.repeats > a.repeats ? b : a));
    expect(example.repeats).toBeGreaterThan(0);
    const { document, position } = example;
    const repeatsOf = { document, position, documents: corpus.documents };
    const { repeats, dashboard: none } = await run({ feature, mode: 'text', repeatsOf });
    if (!repeats) throw new Error('nothing was looked for');
    const { texts, found } = repeats;
    expect(none).toBeNull();
    expect(found).toBe(texts.length);
    // `repeats` counts those that were met while the band was filled.
    expect(texts.length).toBeGreaterThanOrEqual(example.repeats);
    const around = (e: { readonly tokens: typeof example.tokens; readonly position: number }): string =>
      e.tokens
        .slice(Math.max(1, e.position - 5), e.position + 6)
        .map(({ id }) => id)
        .join(' ');
    expect(new Set(texts.map(around))).toEqual(new Set([around(example)]));
    expect(texts.map((t) => t.document)).not.toContain(document);
    expect(new Set(texts.map((t) => t.document)).size).toBe(texts.length);
    expect(texts.map((t) => t.value)).toEqual(texts.map((t) => t.value).toSorted((a, b) => b - a));
    for (const { value, activations, position: at } of texts) {
      expect(value).toBeGreaterThan(0);
      expect(tensorData(activations)[at]).toBe(value);
    }
  }, 120_000);

  it('are read without an engine, and say the same but for what takes weights', async () => {
    const asked: string[] = [];
    const read = (path: string): Uint8Array => new Uint8Array(readFileSync(join(site, path)));
    const json = (path: string): unknown => JSON.parse(readFileSync(join(site, path), 'utf8'));
    const manifest = json('models/primer/manifest.json') as {
      readonly files: readonly { readonly role: string; readonly sha256: string }[];
      readonly saes: readonly (Omit<RecordedModel['saes'][number], 'digest'> & { readonly sha256: string })[];
    };
    const digest = manifest.files.find(({ role }) => role === 'weights')?.sha256 ?? '';
    const io = (change: Partial<RecordedModel> = {}): RecordedIo<Tokenizer> => ({
      async file(path) {
        asked.push(path);
        if (!existsSync(join(site, path))) throw new VitrineError('not-found', path);
        return read(path);
      },
      model: async (id) => ({
        id,
        digest,
        quantization: 'int8',
        nCtx: 128,
        saes: manifest.saes.map((sae) => ({ ...sae, digest: sae.sha256 })),
        ...change,
      }),
      tokenizer: async () => createTokenizer(json('models/primer/tokenizer.json'), json('models/primer/tokenizer_config.json')),
    });
    const spec = (params: object, saes: readonly string[] = [SAE], look: object = {}) =>
      completeSpec(
        {
          v: 1,
          lab: 'feature-dashboard',
          labV: 1,
          model: 'primer',
          saes,
          prompts: [],
          params: params as never,
          view: look as never,
        },
        lab,
      );
    for (const feature of features()) {
      const answer = await recorded(spec({ feature }), io());
      const { logits, weights, ...stored } = await dashboard({ feature });
      expect(logits).toHaveLength(2);
      expect(weights?.heads?.shape).toEqual([6]);
      expect(answer?.result).toEqual({ texts: [], dashboard: { ...stored, logits: null, weights: null } });
      expect(answer?.made).toMatchObject({ model: { id: 'primer', digest, quantization: 'int8' }, backend: 'wasm' });
    }
    expect(asked.filter((path) => !path.startsWith('dashboards/'))).toEqual([]);
    // Of other weights it says so; what is not stored, or asked for otherwise, is the engine's.
    const other = await recorded(spec({ feature: 0 }), io({ digest: '0'.repeat(64) }));
    expect(other?.result.dashboard?.origin).toMatchObject({ kind: 'stored', stale: ['model'] });
    expect(await recorded(spec({ feature: 0 }, [OTHER]), io())).toBeNull();
    expect(await recorded(spec({ feature: 0, mode: 'computed' }), io())).toBeNull();
    expect(await recorded(spec({ feature: 1_000_000 }), io())).toBeNull();
    expect(await recorded(spec({ feature: 0 }, [SAE], { parts: ['test'] }), io())).toBeNull();
    expect(await recorded(spec({ feature: 0 }, [SAE], { parts: ['test', 'often'] }), io())).not.toBeNull();
  }, 300_000);

  it('cost at most 60 kB to open', () => {
    const { shards } = index();
    const manifest = statSync(join(site, manifestPath('primer'))).size;
    const own = statSync(join(site, `dashboards/primer/${SAE}/index.bin`)).size;
    expect(manifest + own + Math.max(...shards.map((s) => s.bytes))).toBeLessThan(60_000);
  });

  it('are not made again while they are of these weights and this text', async () => {
    const path = join(site, `dashboards/primer/${SAE}/index.bin`);
    const before = statSync(path).mtimeMs;
    expect(await dashboards(args())).toBe(0);
    expect(statSync(path).mtimeMs).toBe(before);
  }, 60_000);

  it('are computed in the tab where nothing is stored', async () => {
    const { origin, corpus } = await dashboard({ feature: 1, documents: 8 }, { saes: [OTHER] });
    expect(origin).toEqual({ kind: 'computed', why: 'none-stored' });
    expect(corpus.documents).toBe(8);
  }, 60_000);

  it('say what has changed since they were made, and are refused when they are damaged', async () => {
    const file = join(site, `dashboards/primer/${SAE}/index.bin`);
    const list = join(site, manifestPath('primer'));
    const [index0, manifest0] = [readFileSync(file), readFileSync(list, 'utf8')];
    const put = (changed: DashboardIndex): void => {
      const bytes = encodeIndex(changed);
      writeFileSync(file, bytes);
      const manifest = JSON.parse(manifest0) as DashboardsManifest;
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const saes = manifest.saes.map((s) => (s.id === SAE ? { ...s, bytes: bytes.length, sha256 } : s));
      writeFileSync(list, JSON.stringify({ ...manifest, saes }));
    };
    const made = index();
    const zero = '0'.repeat(64);
    put({ ...made, sae: { ...made.sae, digest: zero }, corpus: { ...made.corpus, sample: 'other' } });
    expect((await dashboard({ feature: 0 })).origin).toMatchObject({ stale: ['sae', 'text'] });
    put({ ...made, generator: made.generator + 1, model: { ...made.model, digest: zero, quantization: 'int4' } });
    expect((await dashboard({ feature: 0 })).origin).toMatchObject({ stale: ['model', 'quantization', 'generator'] });
    writeFileSync(file, index0);
    writeFileSync(list, manifest0);

    const shard = join(site, made.shards[0]?.path ?? '');
    const bytes = readFileSync(shard);
    writeFileSync(shard, bytes.subarray(0, bytes.length - 5));
    await expect(dashboard({ feature: 0 })).rejects.toMatchObject({ code: 'truncated' });
    writeFileSync(
      shard,
      bytes.map((b, i) => (i === 40 ? b ^ 1 : b)),
    );
    await expect(dashboard({ feature: 0 })).rejects.toMatchObject({ code: 'digest-mismatch' });
    rmSync(shard);
    await expect(dashboard({ feature: 0 })).rejects.toMatchObject({ code: 'not-found' });
    writeFileSync(shard, bytes);
    expect((await dashboard({ feature: 0 })).origin).toMatchObject({ stale: [] });
  }, 120_000);
});

describe('what cannot be asked', () => {
  it('is refused in words', async () => {
    await expect(run({ feature: 5_000 })).rejects.toMatchObject({
      code: 'bad-spec',
      message: expect.stringContaining('0 to 1023'),
    });
    await expect(run({ mode: 'text', at: 3 }, { prompts: [{ tokens: [0, 5] }] })).rejects.toMatchObject({
      code: 'bad-spec',
      message: expect.stringContaining('there is no 3'),
    });
    await expect(run({ mode: 'text' })).rejects.toMatchObject({ code: 'prompt-empty' });
    await expect(run({}, { saes: [] })).rejects.toMatchObject({ code: 'bad-spec' });
  }, 60_000);
});
