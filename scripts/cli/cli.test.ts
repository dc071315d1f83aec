import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors, safeFloats } from '../../core/files/safetensors.ts';
import { plainResult, reviveResult, tensorData } from '../../core/protocol/wire-tensor.ts';
import { hashSpec } from '../../core/spec/index.ts';
import type { ActivationsResult } from '../../labs/activations/result.ts';
import { lab as activations } from '../../labs/activations/spec.ts';
import { lab as explore } from '../../labs/explore/spec.ts';
import { TOLERANCE } from '../../workers/testing/tolerances.ts';
import { differences, EXACT } from '../lib/compare.ts';
import type { TensorReference } from '../../core/files/arrays.ts';
import type { RunLine } from './output.ts';

interface Finished {
  readonly status: number | null;
  readonly lines: readonly string[];
  readonly stderr: string;
}

/** Runs the command line as a reader does, in a process of its own. */
function vitrine(args: readonly string[], input = ''): Promise<Finished> {
  return new Promise((resolve) => {
    const child = spawn('node', ['scripts/vitrine.mjs', ...args]);
    const out: Buffer[] = [];
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('close', (status) => {
      const text = Buffer.concat(out).toString();
      resolve({ status, lines: text.split('\n').slice(0, -1), stderr });
    });
    child.stdin.end(input);
  });
}
const parsed = ({ lines }: Finished): RunLine[] => lines.map((line) => JSON.parse(line) as RunLine);
const codes = (finished: Finished): string[] => parsed(finished).map((line) => (line.ok ? 'ok' : line.error.code));

let folder = '';
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'vitrine-'))));
afterAll(() => rmSync(folder, { recursive: true }));

// A process per command, on a machine that may be busy.
describe('vitrine, the command line', { timeout: 120_000 }, () => {
  it('prints usage and exits with 2 when it does not understand', async () => {
    for (const args of [
      [],
      ['nonsense'],
      ['run'],
      ['run', 'a', 'b'],
      ['run', '-', '--backend', 'gpu'],
      ['run', '-', '--in', 'moon'],
    ]) {
      const { status, lines, stderr } = await vitrine(args);
      expect(status, args.join(' ')).toBe(2);
      expect(lines).toEqual([]);
      expect(stderr).toContain('vitrine run FILE|-');
    }
    const missing = await vitrine(['run', join(folder, 'nothing.json')]);
    expect(missing.status).toBe(2);
    expect(missing.stderr).toContain('cannot be read');
    expect((await vitrine(['--help'])).status).toBe(0);
  });

  it('lists every lab with defaults that are experiments', async () => {
    const { status, lines } = await vitrine(['labs']);
    expect(status).toBe(0);
    const labs = lines.map((line) => JSON.parse(line) as { id: string; version: number; defaults: unknown });
    expect(labs.map(({ id }) => id)).toContain('explore');
    expect(labs.find(({ id }) => id === 'explore')).toMatchObject({ version: explore.version, defaults: explore.defaults });
  });

  it('lists the catalogue’s models with their dictionaries', async () => {
    const { status, lines } = await vitrine(['models']);
    expect(status).toBe(0);
    const [primer] = lines.map((line) => JSON.parse(line) as { id: string; installed: boolean; saes: { id: string }[] });
    expect(primer).toMatchObject({ id: 'primer', installed: true });
    expect(primer!.saes.map(({ id }) => id)).toContain('blocks.2.hook_resid_post');
  });

  it('turns an experiment into an address and back', async () => {
    const spec = { ...explore.defaults, params: { topTokens: 3 }, view: { tab: 'lens' } };
    const file = join(folder, 'spec.json');
    writeFileSync(file, JSON.stringify([spec, activations.defaults]));
    const link = await vitrine(['link', file, '--base', 'https://example.org/v/']);
    expect(link.status).toBe(0);
    expect(link.lines).toHaveLength(2);
    expect(link.lines[0]).toMatch(/^https:\/\/example\.org\/v\/#\/lab\/explore\?s=1\.[\w-]+$/);
    const back = await vitrine(['unlink', link.lines[0]!]);
    expect(back.status).toBe(0);
    expect(JSON.parse(back.lines[0]!)).toEqual(spec);
  });

  it('says why an address or an experiment cannot be read', async () => {
    for (const [args, input, code] of [
      [['unlink', 'https://example.org/#/lab/explore?s=1.damaged'], '', 'bad-link'],
      [['unlink', 'https://example.org/'], '', 'bad-link'],
      [['link', '-'], '{"v":1}', 'bad-spec'],
      [['link', '-'], JSON.stringify({ ...explore.defaults, lab: 'nowhere' }), 'unknown-lab'],
    ] as const) {
      const { status, lines, stderr } = await vitrine(args, input);
      expect(status).toBe(1);
      expect(lines).toEqual([]);
      expect(stderr).toContain(`${code}: `);
    }
  });

  it('runs an experiment: one line with hash, provenance and every number', async () => {
    const finished = await vitrine(['run', '-'], JSON.stringify(explore.defaults));
    expect(finished.status).toBe(0);
    const [line] = parsed(finished);
    if (!line?.ok) throw new Error(finished.lines.join('\n'));
    expect(Object.keys(line)).toEqual(['ok', 'specHash', 'provenance', 'result']);
    expect(line.specHash).toBe(hashSpec(explore.defaults, explore));
    expect(line.provenance).toMatchObject({ specHash: line.specHash, lab: 'explore', backend: 'wasm', model: { id: 'primer' } });
    const result = line.result as { tokens: { text: string }[]; surprisal: { shape: number[]; data: number[] } };
    expect(result.surprisal.data).toHaveLength(result.tokens.length);
    expect(result.surprisal.shape).toEqual([result.tokens.length]);
    // What is printed is the plain form: it survives the way back.
    expect(differences(plainResult(reviveResult(line.result)), line.result, EXACT)).toEqual([]);
  });

  it('goes on after a failed experiment, keeps their order, and exits with 1', async () => {
    const finished = await vitrine(
      ['run', '-'],
      JSON.stringify([
        activations.defaults,
        { ...explore.defaults, lab: 'nowhere' },
        { ...explore.defaults, model: 'nobody' },
        { ...explore.defaults, saes: ['blocks.99.hook_resid_post'] },
        { ...activations.defaults, params: { hooks: ['blocks.99.hook_resid_post'] } },
        { ...explore.defaults, prompts: [] },
        { v: 1, lab: 'explore' },
        'not an experiment',
        { ...explore.defaults, prompts: [{ text: 'word '.repeat(1_000) }] },
        activations.defaults,
      ]),
    );
    expect(finished.status).toBe(1);
    expect(codes(finished)).toEqual([
      'ok',
      'unknown-lab',
      'unknown-model',
      'unknown-sae',
      'unknown-hook',
      'prompt-empty',
      'bad-spec',
      'bad-spec',
      'prompt-too-long',
      'ok',
    ]);
    const [first, ...others] = parsed(finished);
    for (const line of others.filter((line) => !line.ok))
      expect(Object.keys(line.error)).toEqual(expect.arrayContaining(['code', 'message', 'hint', 'retryable']));
    // The same experiment twice in one process gives the same bits.
    const last = others.at(-1)!;
    expect(first?.ok && last.ok && differences(first.result, last.result, EXACT)).toEqual([]);
  });

  it('asks another model, with what fits it, and says where there is none of that name', async () => {
    const saes = explore.defaults.saes ?? [];
    const spec = { ...explore.defaults, model: 'somebody', saes: ['blocks.99.hook_resid_post', ...saes] };
    const asked = await vitrine(['run', '-', '--model', 'primer'], JSON.stringify(spec));
    const [line] = parsed(asked);
    if (!line?.ok) throw new Error(asked.lines.join('\n'));
    expect(line.provenance).toMatchObject({ model: { id: 'primer' }, saes: [{ id: saes[0] }] });
    expect(line.specHash).toBe(hashSpec(explore.defaults, explore));
    const nobody = await vitrine(['run', '-', '--model', 'nobody'], JSON.stringify(explore.defaults));
    expect([nobody.status, codes(nobody)]).toEqual([1, ['unknown-model']]);
  });

  it('answers what is not JSON with bad-spec', async () => {
    const finished = await vitrine(['run', '-'], '{"v":1,');
    expect(finished.status).toBe(1);
    expect(codes(finished)).toEqual(['bad-spec']);
  });

  it('writes arrays to a safetensors file beside the line, with --out', async () => {
    const out = join(folder, 'out');
    const inline = parsed(await vitrine(['run', '-'], JSON.stringify(activations.defaults)))[0]!;
    const line = parsed(await vitrine(['run', '-', '--out', out], JSON.stringify(activations.defaults)))[0]!;
    if (!line.ok || !inline.ok) throw new Error('a run failed');
    expect(line.tensors).toBe(join(out, `${line.specHash}.safetensors`));
    expect(JSON.parse(readFileSync(join(out, `${line.specHash}.json`), 'utf8'))).toEqual(line);
    const { tensors } = readSafetensors(Uint8Array.from(readFileSync(line.tensors!)));
    const expected = reviveResult(inline.result) as ActivationsResult;
    const { entries } = line.result as { entries: { tensor: TensorReference }[] };
    expect(entries).toHaveLength(expected.entries.length);
    for (const [i, { tensor }] of entries.entries()) {
      const stored = tensors.get(tensor.tensor)!;
      expect(stored.shape).toEqual(tensor.shape);
      expect(safeFloats(stored, tensor.tensor)).toEqual(tensorData(expected.entries[i]!.tensor));
    }
  });

  it('gives the numbers of WASM on the plain CPU backend', async () => {
    const spec = JSON.stringify({ ...activations.defaults, params: { hooks: ['blocks.*.hook_resid_post'], logits: true } });
    const [wasm, cpu] = (await Promise.all(['wasm', 'cpu'].map((b) => vitrine(['run', '-', '--backend', b], spec)))).map(
      (finished) => parsed(finished)[0]!,
    );
    if (!wasm?.ok || !cpu?.ok) throw new Error('a run failed');
    expect(cpu.provenance.backend).toBe('cpu');
    const numbers = (r: ActivationsResult): unknown => [r.entries.map(({ tensor }) => tensor), r.logits];
    const tolerance = { relative: 2 * TOLERANCE.activation.int8, absolute: 0 };
    expect(differences(numbers(wasm.result as ActivationsResult), numbers(cpu.result as ActivationsResult), tolerance)).toEqual(
      [],
    );
  });

  it('measures one backend', async () => {
    const { status, lines, stderr } = await vitrine(['bench', '--quick', '--only', 'node/wasm']);
    expect(status, stderr).toBe(0);
    const { measured, workload } = JSON.parse(lines[0]!) as { measured: Record<string, unknown>; workload: { ids: number[] } };
    expect(measured).toMatchObject({ place: 'node', backend: 'wasm', threads: Math.min(8, availableParallelism()) });
    for (const key of ['loadMs', 'weightBytes', 'firstFeaturesMs', 'featuresMs', 'exploreMs', 'tokensPerSecond'])
      expect(measured[key], key).toBeGreaterThan(0);
    expect(measured['exploreMs']).toBeGreaterThanOrEqual(measured['featuresMs'] as number);
    expect(workload.ids.length).toBeGreaterThan(1);
    expect((await vitrine(['bench', '--only', 'moon/wasm'])).status).toBe(2);
  });
});
