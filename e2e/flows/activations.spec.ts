import { unzipSync } from 'fflate';
import { readSafetensors } from '../../core/files/safetensors.ts';
import { reviveResult, tensorData } from '../../core/protocol/wire-tensor.ts';
import type { ActivationsResult } from '../../labs/activations/result.ts';
import { commandLine } from '../engine/harness.ts';
import { expect, test } from './harness.ts';
import { bytesOf, copyLink, expectLive, OTHER, pressRun, promptBox, unlink } from './reader.ts';

// Without isolation WASM has one thread, as in Node: every bit is the same.
test.use({ permissions: ['clipboard-read', 'clipboard-write'], serve: { isolated: false } });

interface Npy {
  readonly descr: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** The arrays of an npz archive, read by its own documentation rather than by what wrote it. */
function readNpz(file: Uint8Array): ReadonlyMap<string, Npy> {
  const arrays = new Map<string, Npy>();
  for (const [name, npy] of Object.entries(unzipSync(file))) {
    expect([...npy.subarray(0, 8)]).toEqual([0x93, ...Buffer.from('NUMPY'), 1, 0]);
    const length = npy[8]! + 256 * npy[9]!;
    const header = Buffer.from(npy.subarray(10, 10 + length)).toString('latin1');
    expect((10 + length) % 64).toBe(0);
    const found = /^\{'descr': '([^']+)', 'fortran_order': False, 'shape': \(([\d, ]*)\), \} *\n$/.exec(header);
    if (!found) throw new Error(`${name}: ${header}`);
    const shape = found[2]!.split(',').map((n) => n.trim());
    arrays.set(name.replace(/\.npy$/, ''), {
      descr: found[1]!,
      shape: shape.filter((n) => n !== '').map(Number),
      bytes: npy.subarray(10 + length),
    });
  }
  return arrays;
}

const floats = (bytes: Uint8Array): Float32Array => new Float32Array(new Uint8Array(bytes).buffer);

test('hooks by pattern, on the page, as safetensors, as npz and on the command line: the same numbers', async ({
  page,
  site,
}) => {
  await page.goto(`${site.url}#/lab/activations`);
  await expectLive(page, 'WASM');
  const hooks = page.getByRole('region', { name: 'Hooks' });
  await expect(hooks.getByText('blocks.*.hook_resid_post', { exact: true })).toBeVisible();
  await hooks.getByRole('button', { name: 'Remove blocks.*.hook_resid_post' }).click();
  await hooks.getByRole('combobox').fill('blocks.*.attn.hook_z');
  await expect(hooks.getByText(/^Matches 4 hooks: blocks\.0\.attn\.hook_z/)).toBeVisible();
  await hooks.getByRole('combobox').press('Escape');
  await hooks.getByRole('button', { name: 'Add', exact: true }).click();
  await hooks.getByRole('combobox').fill('blocks.1.attn.hook_pattern');
  await hooks.getByRole('combobox').press('Escape');
  await hooks.getByRole('button', { name: 'Add', exact: true }).click();
  await promptBox(page).fill(OTHER);
  await pressRun(page);
  await expectLive(page);

  // The entries, and what the page prints of one of them.
  const names = [
    'blocks.0.attn.hook_z',
    'blocks.1.attn.hook_pattern',
    'blocks.1.attn.hook_z',
    'blocks.2.attn.hook_z',
    'blocks.3.attn.hook_z',
  ];
  const hook = page.getByLabel('Hook', { exact: true });
  expect((await hook.getByRole('option').allTextContents()).toSorted()).toEqual(names);
  await hook.selectOption('blocks.1.attn.hook_pattern');
  await expect(page.getByRole('heading', { name: 'blocks.1.attn.hook_pattern, head 0' })).toBeVisible();

  const line = commandLine(unlink(await copyLink(page)), '--backend', 'wasm');
  const result = reviveResult(line.result) as ActivationsResult;
  expect(result.entries.map((entry) => entry.hook as string).toSorted()).toEqual(names);
  const ids = result.prompts[0]!.map(({ id }) => id);

  const files = page.getByRole('region', { name: 'Files' });
  const save = async (name: string): Promise<Buffer> => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      files.getByRole('button', { name, exact: true }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(`activations-${line.specHash.slice(0, 12)}.${name}`);
    return bytesOf(download);
  };
  const safe = readSafetensors(await save('safetensors'));
  const npz = readNpz(await save('npz'));
  expect([...safe.tensors.keys()].toSorted()).toEqual(names);
  expect([...npz.keys()].toSorted()).toEqual([...names, 'tokens']);
  expect(JSON.parse(safe.metadata.get('tokens')!)).toEqual([ids]);
  expect(JSON.parse(safe.metadata.get('provenance')!)).toMatchObject({ backend: 'wasm', specHash: line.specHash });
  expect([...new Int32Array(new Uint8Array(npz.get('tokens')!.bytes).buffer)]).toEqual(ids);
  for (const { hook: name, tensor } of result.entries) {
    const [inSafe, inNpz] = [safe.tensors.get(name)!, npz.get(name)!];
    expect([inSafe.dtype, inNpz.descr]).toEqual(['F32', '<f4']);
    expect([inSafe.shape, inNpz.shape]).toEqual([tensor.shape, tensor.shape]);
    const wanted = Float32Array.from(tensorData(tensor));
    expect(wanted.some((x) => x !== 0)).toBe(true);
    expect(Buffer.compare(Buffer.from(wanted.buffer), Buffer.from(floats(inSafe.bytes).buffer))).toBe(0);
    expect(Buffer.compare(Buffer.from(wanted.buffer), Buffer.from(floats(inNpz.bytes).buffer))).toBe(0);
  }
});

test('a pattern that no hook has says so before anything runs, and a run says so too', async ({ page, site }) => {
  await page.goto(`${site.url}#/lab/activations`);
  await expectLive(page);
  const hooks = page.getByRole('region', { name: 'Hooks' });
  await hooks.getByRole('combobox').fill('blocks.9.hook_resid_post');
  await expect(hooks.getByText('Matches no hook of this model yet.')).toBeVisible();
  await hooks.getByRole('combobox').press('Escape');
  await hooks.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(hooks.getByText('No hook of this model has this name.')).toBeVisible();
  await pressRun(page);
  await expect(page.getByRole('main').getByRole('alert')).toContainText('The model has no such hook');
  await hooks.getByRole('button', { name: 'Remove blocks.9.hook_resid_post' }).click();
  await pressRun(page);
  await expectLive(page);
  await expect(page.getByRole('main').getByRole('alert')).toHaveCount(0);
});

test('several prompts are told apart, in the page and in the file', async ({ page, site }) => {
  await page.goto(`${site.url}#/lab/activations`);
  await expectLive(page);
  await page.getByRole('button', { name: '+ Add a prompt' }).click();
  await page.getByRole('textbox', { name: 'Prompt 1' }).fill('Monday, Tuesday,');
  await pressRun(page);
  await expectLive(page);
  await page.getByLabel('Prompt', { exact: true }).selectOption({ label: '1: Monday, Tuesday,' });
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('region', { name: 'Files' }).getByRole('button', { name: 'safetensors', exact: true }).click(),
  ]);
  const names = [...readSafetensors(await bytesOf(download)).tensors.keys()];
  expect(names.toSorted()).toEqual([0, 1].flatMap((p) => [0, 1, 2, 3].map((l) => `prompt${p}/blocks.${l}.hook_resid_post`)));
});
