import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labFragment, specFromUrl } from '../../core/share/address.ts';
import { LINK_BUDGET } from '../../core/share/codec.ts';
import { lab as dashboard } from '../../labs/feature-dashboard/spec.ts';
import { connectAddress, parsePlace } from './address.ts';
import { createExperiments } from './experiment.ts';
import { FakeAddress, LABS, memoryStore, withPrompt } from './testing/fixtures.ts';

const connected = (fragment = '', storage = memoryStore()) => {
  const experiments = createExperiments(LABS, storage);
  const host = new FakeAddress(fragment);
  const address = connectAddress(experiments, host);
  const draft = (lab = 'explore') => experiments.store.getState().drafts[lab]!;
  return { experiments, host, address, storage, draft };
};
const linkTo = (text: string, lab = 'explore', view?: object): string =>
  labFragment({ ...withPrompt(text)(LABS.find(({ id }) => id === lab)!.defaults), ...(view ? { view: view as never } : {}) });
const prompt = (fragment: string): unknown => specFromUrl(fragment).prompts[0];

describe('parsePlace', () => {
  it('knows every page', () => {
    expect(parsePlace('').page).toBe('home');
    expect(parsePlace('#/').page).toBe('home');
    expect(parsePlace('#/lab/explore?s=1.x')).toMatchObject({ page: 'lab', lab: 'explore', hasSpec: true });
    expect(parsePlace('#/embed/lab/explore?theme=dark')).toMatchObject({ page: 'embed', lab: 'explore', hasSpec: false });
    expect(parsePlace('#/models').page).toBe('models');
    expect(parsePlace('#/models/primer')).toEqual({ page: 'model', model: 'primer' });
    expect(parsePlace('#/nowhere/at/all')).toEqual({ page: 'unknown', path: 'nowhere/at/all' });
    expect(parsePlace('#/embed').page).toBe('unknown');
    expect(parsePlace('#/feature/primer/blocks.2.hook_z/7?text=x')).toMatchObject({
      page: 'feature',
      lab: 'feature-dashboard',
      model: 'primer',
      sae: 'blocks.2.hook_z',
      feature: 7,
    });
    expect(parsePlace('#/embed/feature/primer/s/7?parts=test')).toMatchObject({ page: 'embed', lab: 'feature-dashboard' });
    expect(parsePlace('#/feature/primer/s/seven').page).toBe('unknown');
    expect(parsePlace('#/features/primer')).toEqual({ page: 'features', model: 'primer', sae: null, filter: '' });
    expect(parsePlace('#/features/primer/a/b?q=name')).toEqual({ page: 'features', model: 'primer', sae: 'a/b', filter: 'name' });
    expect(parsePlace('#/features').page).toBe('unknown');
    expect(parsePlace('#/embed/features/primer/a/b?parts=map')).toMatchObject({
      page: 'embed-features',
      model: 'primer',
      sae: 'a/b',
    });
    expect(parsePlace('#/embed/lists?theme=dark&s=1.x')).toMatchObject({ page: 'embed-lists', packed: '1.x' });
    // A frame has none of the reader's own lists, and no dictionary to choose from.
    for (const path of ['lists', 'lists/abcd', 'features/primer', 'models', 'models/primer'])
      expect(parsePlace(`#/embed/${path}`).page).toBe('unknown');
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => typeof parsePlace(`#/${text}`).page === 'string'));
  });
});

describe('address and experiment', () => {
  it('opens what a link holds, view included', () => {
    const { draft } = connected(linkTo('from the link', 'explore', { tab: 'second' }));
    expect(draft().spec.prompts).toEqual([{ text: 'from the link' }]);
    expect(draft().spec.view).toEqual({ tab: 'second', token: 0 });
  });

  it('keeps any prompt through the address, both ways', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
        const { experiments, host } = connected('#/');
        experiments.setSpec('explore', withPrompt(text));
        host.pass();
        if (host.fragment() === '#/') return text === 'the default';
        const again = connected(host.fragment());
        expect(again.draft().spec.prompts).toEqual([{ text }]);
        expect(again.draft().hash).toBe(experiments.store.getState().drafts['explore']?.hash);
        return true;
      }),
      { numRuns: 40 },
    );
  });

  it('replaces the entry while something changes and makes a new one for a run, so that back leads to the run before', () => {
    const { experiments, host, address, draft } = connected('#/');
    experiments.setSpec('explore', withPrompt('one'));
    host.pass();
    experiments.setSpec('explore', withPrompt('one and'));
    host.pass();
    expect(host.entries).toHaveLength(1);
    experiments.setSpec('explore', withPrompt('one and two'));
    address.commit();
    expect(host.entries[0]).toBe('#/');
    expect(prompt(host.fragment())).toEqual({ text: 'one and two' });
    experiments.setView('explore', { token: 4 });
    host.pass();
    address.commit();
    expect(host.entries).toHaveLength(2);
    experiments.setSpec('explore', withPrompt('three'));
    address.commit();
    expect(host.entries).toHaveLength(3);
    host.back();
    expect(draft().spec.prompts).toEqual([{ text: 'one and two' }]);
    expect(draft().spec.view).toEqual({ tab: 'first', token: 4 });
    host.back();
    expect(draft().spec.prompts).toEqual([{ text: 'the default' }]);
  });

  it('does not write while it follows an address', () => {
    const { host } = connected('#/');
    host.visit(linkTo('somebody else’s'));
    const before = [...host.entries];
    host.pass();
    expect(host.entries).toEqual(before);
  });

  it('says that a damaged link is damaged and keeps what was typed', () => {
    const { experiments, host, draft } = connected('#/');
    experiments.setSpec('explore', withPrompt('typed with care'));
    host.pass();
    const good = linkTo('cut off');
    host.visit(good.slice(0, -9));
    expect(experiments.store.getState().badLink?.error.code).toMatch(/^bad-(link|spec)$/);
    expect(draft().spec.prompts).toEqual([{ text: 'typed with care' }]);
    host.visit(good);
    expect(experiments.store.getState().badLink).toBeNull();
    expect(draft().spec.prompts).toEqual([{ text: 'cut off' }]);
  });

  it('refuses a link whose lab is another than its address names', () => {
    const { experiments } = connected(linkTo('x', 'other').replace('/lab/other', '/lab/explore'));
    expect(experiments.store.getState().badLink?.error.code).toBe('bad-link');
  });

  it('keeps one experiment per lab when labs are switched', () => {
    const { host, draft, experiments } = connected(linkTo('of the first'));
    host.visit('#/lab/other');
    expect(experiments.store.getState().lab).toBe('other');
    host.visit('#/lab/explore');
    expect(draft().spec.prompts).toEqual([{ text: 'of the first' }]);
  });

  it('keeps a prompt that is too long for a link in this browser, and finds it after a reload', () => {
    const storage = memoryStore();
    const { experiments, host } = connected('#/', storage);
    const long = Array.from({ length: 900 }, (_, i) => `w${(i * 7919) % 10007}`).join(' ');
    experiments.setSpec('explore', withPrompt(long));
    host.pass();
    expect(host.fragment()).toBe('#/lab/explore');
    expect(host.fragment().length).toBeLessThan(LINK_BUDGET);
    expect(connected('#/lab/explore', storage).draft().spec.prompts).toEqual([{ text: long }]);
  });

  it('saves what was typed when the reader leaves before the address could follow', () => {
    const { experiments, host, storage } = connected('#/');
    experiments.setSpec('explore', withPrompt('in a hurry'));
    host.visit('#/models');
    expect(connected('#/lab/explore', storage).draft().spec.prompts).toEqual([{ text: 'in a hurry' }]);
  });

  it('leaves the address of an embed alone', () => {
    const fragment = linkTo('embedded').replace('#/lab/', '#/embed/lab/');
    const { experiments, host, address, storage } = connected(fragment);
    experiments.setSpec('explore', withPrompt('changed inside'));
    host.pass();
    address.commit();
    expect(host.entries).toEqual([fragment]);
    expect(storage.items.size).toBe(0);
  });

  it('of a dashboard is readable, follows the feature and the text, and leads back', () => {
    const experiments = createExperiments([...LABS, dashboard], memoryStore());
    const host = new FakeAddress('#/feature/primer/s/3');
    const address = connectAddress(experiments, host);
    const params = (): object => experiments.store.getState().drafts['feature-dashboard']!.spec.params;
    expect(params()).toMatchObject({ feature: 3 });
    experiments.setSpec('feature-dashboard', (spec) => ({ ...spec, params: { ...spec.params, feature: 4 } }));
    address.commit();
    expect(host.fragment()).toBe('#/feature/primer/s/4');
    experiments.setSpec('feature-dashboard', withPrompt('a text'));
    host.pass();
    expect(host.fragment()).toBe('#/feature/primer/s/4?text=a%20text');
    experiments.setView('feature-dashboard', { context: 'full' });
    host.pass();
    expect(host.fragment()).toMatch(/^#\/feature\/primer\/s\/4\?s=1\./);
    host.back();
    expect(params()).toMatchObject({ feature: 3 });
    expect(experiments.store.getState().badLink).toBeNull();
    host.visit('#/feature/primer/s/4?s=1.damage');
    expect(experiments.store.getState().badLink?.error.code).toBe('bad-link');
    expect(params()).toMatchObject({ feature: 3 });
  });
});
