import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { labFragment, specFromUrl } from '../core/share/address.ts';
import { LINK_BUDGET } from '../core/share/codec.ts';
import { canonicalJson, completeSpec, hashSpec, minimalSpec, parseSpec, type LabDefinition } from '../core/spec/index.ts';

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
