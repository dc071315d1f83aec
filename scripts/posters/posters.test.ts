import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Recorded {
  specHash: string;
  provenance: { lab: string; model: { digest: string } };
  result: { surprisal: { data: number[] }; tokens: { text: string }[] };
}

const check = (folder: string) =>
  spawnSync('node', ['scripts/posters.mjs', '--check', '--folder', folder], { encoding: 'utf8', timeout: 120_000 });

describe('recorded results', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'posters-'));
    cpSync('public/examples', folder, { recursive: true });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('are what these weights and this code give', () => {
    const { status, stdout } = check('public/examples');
    expect(status, stdout).toBe(0);
  }, 120_000);

  it('are seen to differ in a number, a word, the weights, one that is missing, and one too many', () => {
    const names = readdirSync(folder);
    const read = (name: string): Recorded => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Recorded;
    const explore = names.filter((name) => read(name).provenance.lab === 'explore');
    const others = names.filter((name) => !explore.includes(name));
    const change = (name: string, edit: (poster: Recorded) => void): void => {
      const poster = read(name);
      edit(poster);
      writeFileSync(join(folder, name), JSON.stringify(poster));
    };
    change(explore[0]!, ({ result }) => (result.surprisal.data[1]! += 0.01));
    change(explore[1]!, ({ result }) => (result.tokens[1]!.text = 'another'));
    change(explore[2]!, ({ provenance }) => (provenance.model.digest = '0'.repeat(64)));
    rmSync(join(folder, others[0]!));
    writeFileSync(join(folder, 'stale.json'), '{}');

    const { status, stdout } = check(folder);
    expect(status).toBe(1);
    expect(stdout).toContain('surprisal[1]');
    expect(stdout).toContain('tokens[1].text');
    expect(stdout).toContain('model.digest');
    expect(stdout).toContain('not recorded');
    expect(stdout).toContain('stale.json belongs to no lab');
  }, 120_000);
});
