import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readSafetensors, safeFloats } from '../../core/files/safetensors.ts';
import { tensorData, type WireTensor } from '../../core/protocol/wire-tensor.ts';
import { completeSpec, parseSpec } from '../../core/spec/index.ts';
import type { HookedModel, RunContext, Sae, Tokenizer } from '../../workers/api.ts';
import { readMany, tf } from '../../workers/kernels/index.ts';
import { reductionsFor } from '../../workers/runtime/reductions.ts';
import { openScope } from '../../workers/runtime/scope.ts';
import { goldenModel, goldenSae, readGolden, type TinyMeta } from '../../workers/testing/goldens.ts';
import { describeBackends } from '../../workers/testing/node-backends.ts';
import { TOLERANCE } from '../../workers/testing/tolerances.ts';
import type { EffectHits, SearchChunk, SearchResult } from './result.ts';
import { run } from './run.ts';
import { lab, type SearchParams } from './spec.ts';

const golden = readGolden<TinyMeta>('tiny-gpt2');
const ids = golden.meta.rows.find((row) => row.length > 3)!;
const first = golden.meta.rows.slice(0, golden.meta.rows.indexOf(ids)).reduce((n, row) => n + row.length, 0);
const NAMES = ['jumprelu', 'jumprelu_z', 'standard', 'topk'] as const;
const SIZE = 40;
const D = 32;
/** Largest activations and densities as a card would state them: of every feature something else, the last one dead. */
const maxActivation = Float32Array.from({ length: SIZE }, (_, i) => (i === SIZE - 1 ? 0 : 0.25 + ((i * 7) % 11) / 4));
const density = Float32Array.from({ length: SIZE }, (_, i) => ((i * 13) % SIZE) / SIZE / 10);

const file = (path: string) => {
  const { tensors } = readSafetensors(new Uint8Array(readFileSync(`workers/testdata/${path}`)));
  return (name: string): number[] => [...safeFloats(tensors.get(name)!, name)];
};
const weights = file('tiny-gpt2/model.safetensors');

const tokenizer = {
  bosId: ids[0]!,
  encodePrompt: (text: string) => text.split(' ').map(Number),
  token: (id: number) => ({ id, text: `<${id}>` }),
  single: (text: string) => (/^ \d+$/.test(text) ? Number(text) : null),
} as unknown as Tokenizer;

/** Activations of the reference implementation at the dictionary's hook, [pos, 32], float64. */
function reference(hook: string): number[][] {
  const all = golden.values(`act/${hook}`);
  return ids.map((_, p) => [...all.subarray((first + p) * D, (first + p + 1) * D)]);
}

/** SAELens' encoders in float64, nothing shared with the engine. */
function encode(name: (typeof NAMES)[number], hook: string): number[][] {
  const tensor = file(`tiny-saes/${name}/sae_weights.safetensors`);
  const cfg = JSON.parse(readFileSync(`workers/testdata/tiny-saes/${name}/cfg.json`, 'utf8')) as {
    apply_b_dec_to_input: boolean;
    k?: number;
  };
  const [wEnc, bEnc, bDec] = [tensor('W_enc'), tensor('b_enc'), tensor('b_dec')];
  const threshold = name.startsWith('jumprelu') ? tensor('threshold') : null;
  return reference(hook).map((x) => {
    const pre = bEnc.map((b, f) =>
      x.reduce((sum, value, i) => sum + (value - (cfg.apply_b_dec_to_input ? bDec[i]! : 0)) * wEnc[i * SIZE + f]!, b),
    );
    const kth = cfg.k === undefined ? -Infinity : [...pre].sort((a, b) => b - a)[cfg.k - 1]!;
    return pre.map((p, f) => (p > 0 && p >= kth && p > (threshold?.[f] ?? 0) ? p : 0));
  });
}

interface Row {
  readonly sae: string;
  readonly feature: number;
  readonly score: number;
}

const better = (a: Row & { key: number }, b: Row & { key: number }): number => {
  const [x, y] = [Number.isNaN(a.key) ? -Infinity : a.key, Number.isNaN(b.key) ? -Infinity : b.key];
  return x === y ? b.score - a.score : y - x;
};

/** The whole search, by hand. */
function naive(params: SearchParams): Row[] {
  const positions = (params.tokens ?? ids.map((_, p) => p)).filter((p) => p > 0 || params.bos);
  return NAMES.flatMap((name) => {
    const acts = encode(name, hooks[name]);
    return Array.from({ length: SIZE }, (_, feature) => {
      const values = positions.map((p) => acts[p]![feature]!);
      const score = params.score === 'max' ? Math.max(...values) : values.reduce((a, b) => a + b, 0);
      const max = maxActivation[feature]!;
      const key = params.rank === 'activation' ? score : max > 0 ? score / max : NaN;
      return { sae: name, feature, score, key };
    });
  })
    .filter(({ score, feature }) => score > 0 && !(params.maxDensity !== null && density[feature]! > params.maxDensity))
    .sort(better)
    .slice(0, params.results);
}

const hooks: Record<(typeof NAMES)[number], string> = {
  jumprelu: 'blocks.0.hook_resid_post',
  jumprelu_z: 'blocks.1.attn.hook_z',
  standard: 'blocks.1.hook_resid_pre',
  topk: 'blocks.1.hook_mlp_out',
};

/** d · W_U[token] in float64: at hook_z through W_O; centred, times the final norm's gain. */
function naiveEffects(name: (typeof NAMES)[number], token: number): number[] {
  const wDec = file(`tiny-saes/${name}/sae_weights.safetensors`)('W_dec');
  const wU = weights('transformer.wte.weight').slice(token * D, (token + 1) * D);
  const gain = weights('transformer.ln_f.weight');
  const wO = weights('transformer.h.1.attn.c_proj.weight');
  return Array.from({ length: SIZE }, (_, f) => {
    const row = wDec.slice(f * D, (f + 1) * D);
    // GPT-2 stores its projections [in, out].
    const d = name === 'jumprelu_z' ? gain.map((_, j) => row.reduce((sum, x, i) => sum + x * wO[i * D + j]!, 0)) : row;
    const mean = d.reduce((a, b) => a + b, 0) / D;
    return d.reduce((sum, x, i) => sum + (x - mean) * gain[i]! * wU[i]!, 0);
  });
}

const data = (tensor: WireTensor): number[] => [...tensorData(tensor)];

describeBackends('feature search', (backend) => {
  const search = async (
    change: Partial<SearchParams>,
    saes: readonly string[] = NAMES,
  ): Promise<{ result: SearchResult; chunks: SearchChunk[] }> => {
    const before = tf.memory().numTensors;
    const model: HookedModel = { ...(await goldenModel('gpt2')), tokenizer };
    const open = new Map<string, Sae>();
    const ctx: RunContext = {
      backend,
      model,
      sae: async (id) => {
        const sae = open.get(id) ?? { ...(await goldenSae(id)), id, maxActivation, density };
        open.set(id, sae);
        return Promise.resolve(sae);
      },
      read: async (tensors) => (await readMany(tensors)).map((values) => values.slice()),
      reduce: reductionsFor(model.tokenizer.size),
      tf,
      checkpoint: () => Promise.resolve(),
      progress: () => undefined,
      file: () => Promise.reject(new Error('no file is needed')),
    };
    const spec = completeSpec(
      parseSpec({ v: 1, lab: lab.id, labV: 1, model: 'tiny', saes, prompts: [{ tokens: ids }], params: change }),
      lab,
    );
    const close = openScope();
    const steps = run(spec as Parameters<typeof run>[0], ctx);
    const chunks: SearchChunk[] = [];
    let result: SearchResult | null = null;
    try {
      while (!result) {
        const step = await steps.next();
        if (step.done) result = step.value;
        else chunks.push(step.value);
      }
    } finally {
      close();
      for (const sae of open.values()) sae.dispose();
      model.dispose();
    }
    // The scope of a run frees what a lab forgets; the model and its dictionaries are all that there was beside.
    expect(tf.memory().numTensors).toBe(before);
    return { result, chunks };
  };

  const cases: readonly Partial<SearchParams>[] = [
    {},
    { rank: 'activation' },
    { score: 'sum', rank: 'activation' },
    { score: 'sum', bos: true },
    { tokens: [ids.length - 1] },
    { tokens: [0, 2, 1], bos: true, results: 7 },
    { tokens: [0, 2], maxDensity: 0.05 },
    { maxDensity: 0 },
  ];
  it.each(cases)('by prompt is the float64 search: %o', async (change) => {
    const { result, chunks } = await search(change);
    if (result.by !== 'prompt') throw new Error('another search');
    const params = completeSpec(
      parseSpec({ v: 1, lab: lab.id, labV: 1, model: 'tiny', prompts: [], params: change }),
      lab,
    ).params;
    const expected = naive(params);
    const order = data(result.ranking);
    const found = Array.from({ length: order.length / 2 }, (_, i) => {
      const [site, at] = [result.sites[order[2 * i]!]!, order[2 * i + 1]!];
      return {
        sae: site.sae,
        feature: data(site.features)[at]!,
        score: data(site.scores)[at]!,
        values: data(site.values).slice(at * ids.length, (at + 1) * ids.length),
      };
    });
    expect(found.length).toBeGreaterThan(change.maxDensity === 0 ? 0 : 3);
    expect(found.map(({ sae, feature }) => `${sae}/${feature}`)).toEqual(expected.map(({ sae, feature }) => `${sae}/${feature}`));
    const most = Math.max(...expected.map(({ score }) => score));
    for (const [i, row] of found.entries()) {
      expect(Math.abs(row.score - expected[i]!.score) / most).toBeLessThan(TOLERANCE.activation.f32);
      const acts = encode(row.sae as (typeof NAMES)[number], hooks[row.sae as (typeof NAMES)[number]]);
      for (const [p, value] of row.values.entries())
        expect(Math.abs(value - acts[p]![row.feature]!) / most).toBeLessThan(TOLERANCE.activation.f32);
    }
    // What streams in is what the result holds.
    expect(chunks.map(({ part }) => part)).toEqual(['tokens', ...NAMES.map(() => 'prompt-site')]);
    expect(chunks.flatMap((chunk) => (chunk.part === 'prompt-site' ? [chunk.site] : []))).toEqual(result.sites);
  });

  it.each([{ effect: 'unit' }, { effect: 'max' }, { effect: 'unit', maxDensity: 0.04, results: 9 }] as const)(
    'by token is decoder · W_U in float64: %o',
    async (change) => {
      const token = 17;
      const { result } = await search({ by: 'token', token: String(token), ...change });
      if (result.by !== 'token') throw new Error('another search');
      expect(result.token.id).toBe(token);
      const all = NAMES.flatMap((sae) => naiveEffects(sae, token).map((value, feature) => ({ sae, feature, value })));
      const most = Math.max(...all.map(({ value }) => Math.abs(value)));
      const kept = all.filter(
        ({ feature }) => maxActivation[feature]! > 0 && !('maxDensity' in change && density[feature]! > change.maxDensity),
      );
      const key = ({ value, feature }: (typeof all)[number]): number =>
        change.effect === 'max' ? value * maxActivation[feature]! : value;
      for (const [side, sign] of [
        ['raises', 1],
        ['lowers', -1],
      ] as const) {
        const expected = kept
          .filter((row) => sign * row.value > 0)
          .sort((a, b) => sign * (key(b) - key(a)))
          .slice(0, 'results' in change ? change.results : 50);
        const order = data(result[side]);
        const found = expected.map((_, i) => {
          const site = result.sites[order[2 * i]!]!;
          const hits: EffectHits = site[side];
          return {
            sae: site.sae,
            feature: data(hits.features)[order[2 * i + 1]!]!,
            value: data(hits.effects)[order[2 * i + 1]!]!,
          };
        });
        expect(order).toHaveLength(2 * expected.length);
        expect(found.map(({ sae, feature }) => `${sae}/${feature}`)).toEqual(
          expected.map(({ sae, feature }) => `${sae}/${feature}`),
        );
        for (const [i, { value }] of found.entries())
          expect(Math.abs(value - expected[i]!.value) / most).toBeLessThan(TOLERANCE.activation.f32);
      }
    },
  );

  it('says what is wrong with a question', async () => {
    await expect(search({}, [])).rejects.toThrow(/at least one dictionary/);
    await expect(search({ tokens: [ids.length] })).rejects.toThrow(/outside of the/);
    await expect(search({ tokens: [0] })).rejects.toThrow(/does not take part/);
    await expect(search({ by: 'token', token: 'two words' })).rejects.toThrow(/not one token/);
  });
});
