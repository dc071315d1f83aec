import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cancelled } from '../core/protocol/errors.ts';
import { isWireTensor, plainResult, tensorData, type WireTensor } from '../core/protocol/wire-tensor.ts';
import { labFragment, specFromUrl } from '../core/share/address.ts';
import { LINK_BUDGET } from '../core/share/codec.ts';
import { canonicalJson, completeSpec, hashSpec, minimalSpec, parseSpec, type LabDefinition } from '../core/spec/index.ts';
import type { OpenEngine } from '../scripts/lib/open-engine.ts';
import { openNodeEngine } from '../scripts/node-engine/index.ts';
import type { EngineAnswer } from '../workers/client/engine.ts';

const ids = readdirSync('labs').filter((name) => statSync(`labs/${name}`).isDirectory());

interface Example {
  readonly title: string;
  readonly about: string;
  readonly spec: unknown;
}

describe.each(ids)('lab %s', (id) => {
  const examples = JSON.parse(readFileSync(`labs/${id}/examples.json`, 'utf8')) as Example[];
  const load = async (): Promise<LabDefinition> => ((await import(`./${id}/spec.ts`)) as { lab: LabDefinition }).lab;

  it('has every file of a lab, and its id is the name of its folder', async () => {
    for (const file of ['spec.ts', 'run.ts', 'view.tsx', 'examples.json', 'README.md'])
      expect(existsSync(`labs/${id}/${file}`), `${id}/${file}`).toBe(true);
    expect((await load()).id).toBe(id);
  });

  it('has defaults that are complete and hash to the same value in every form', async () => {
    const lab = await load();
    const full = completeSpec(parseSpec(lab.defaults), lab);
    expect(hashSpec(full, lab)).toBe(hashSpec(minimalSpec(full, lab), lab));
  });

  it('has at least one example; each validates, names itself, and survives the link', async () => {
    const lab = await load();
    expect(examples.length).toBeGreaterThan(0);
    for (const { title, about, spec } of examples) {
      expect(title.length).toBeGreaterThan(3);
      expect(about.length).toBeGreaterThan(3);
      const parsed = minimalSpec(parseSpec(spec), lab);
      const link = labFragment(parsed);
      expect(link.length).toBeLessThan(LINK_BUDGET);
      expect(canonicalJson(specFromUrl(`https://example.org/${link}`))).toBe(canonicalJson(parsed));
    }
  });

  it('explains what it measures, what it does not show, and its paper', () => {
    const readme = readFileSync(`labs/${id}/README.md`, 'utf8');
    for (const part of ['What it shows', 'How it is computed', 'What it does not show', 'Paper', '## Result'])
      expect(readme).toContain(part);
  });
});

/** Every tensor inside a result. */
function tensorsOf(value: unknown): WireTensor[] {
  if (isWireTensor(value)) return [value];
  if (typeof value !== 'object' || value === null || value instanceof ArrayBuffer) return [];
  return Object.values(value).flatMap(tensorsOf);
}

describe('on primer, with WASM', () => {
  let open: OpenEngine;
  beforeAll(async () => {
    expect(existsSync('public/models/primer/manifest.json'), 'the embedded model is missing').toBe(true);
    open = await openNodeEngine({ backend: 'wasm' });
  });
  afterAll(() => open.close());

  const all = ids.flatMap((id) =>
    (JSON.parse(readFileSync(`labs/${id}/examples.json`, 'utf8')) as Example[]).map(
      (example) => [id, example.title, example] as const,
    ),
  );
  it.each(all)(
    '%s: "%s" runs, twice the same, with nothing left behind, also when it is cancelled',
    async (id, _title, { spec }) => {
      const { lab } = (await import(`./${id}/spec.ts`)) as { lab: LabDefinition };
      const parsed = parseSpec(spec);
      const chunks: unknown[] = [];
      const run = (options: { signal?: AbortSignal; onChunk?: (payload: unknown) => void } = {}): Promise<EngineAnswer> =>
        open.engine.run(parsed, { fresh: true, ...options });
      const first = await run({ onChunk: (payload) => chunks.push(payload) });
      expect(chunks.length).toBeGreaterThan(0);
      expect(first.specHash).toBe(hashSpec(parsed, lab));
      expect(first.provenance).toMatchObject({ lab: id, labV: lab.version, backend: 'wasm', model: { id: 'primer' } });

      const tensors = tensorsOf(first.payload);
      expect(tensors.length).toBeGreaterThan(0);
      for (const tensor of tensors) {
        const data = tensorData(tensor);
        // An empty list of features is fine; numbers that are none are not, unless they say "not defined here".
        expect(data.length === 0 || data.some((x) => Number.isFinite(x)), `[${tensor.shape.join(', ')}]`).toBe(true);
        expect(data.every((x) => !Number.isNaN(x) || tensor.shape.length === 1)).toBe(true);
      }
      expect(JSON.stringify(plainResult(first.payload)).length).toBeGreaterThan(100);

      const held = open.engine.snapshot().memory;
      const second = await run();
      expect(canonicalJson(plainResult(second.payload))).toBe(canonicalJson(plainResult(first.payload)));
      expect(open.engine.snapshot().memory).toEqual(held);

      const controller = new AbortController();
      const stopped = run({ signal: controller.signal, onChunk: () => controller.abort() });
      await expect(stopped).rejects.toBeInstanceOf(Cancelled);
      // The next run's count comes after the cancelled one has ended in the engine.
      await run();
      expect(open.engine.snapshot().memory).toEqual(held);
    },
  );
});
