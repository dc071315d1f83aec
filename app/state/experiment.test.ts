import { describe, expect, it } from 'vitest';
import { LIMITS, parseSpec } from '../../core/spec/index.ts';
import { createExperiments, EXPERIMENT_PERSISTENCE } from './experiment.ts';
import { createPreferences, PREFERENCES_KEY, PREFERENCES_PERSISTENCE } from './preferences.ts';
import { localPart } from './persistence.ts';
import { RESULTS_PERSISTENCE } from './results.ts';
import { LABS, memoryStore, opened, withPrompt } from './testing/fixtures.ts';

describe('experiments', () => {
  it('a change of the view keeps the hash, a change of the science does not', () => {
    const experiments = opened();
    const draft = () => experiments.store.getState().drafts['explore']!;
    const { hash } = draft();
    experiments.setView('explore', { token: 7 });
    expect(draft().spec.view).toEqual({ tab: 'first', token: 7 });
    expect(draft().hash).toBe(hash);
    experiments.setSpec('explore', withPrompt('another'));
    expect(draft().hash).not.toBe(hash);
  });

  it('an equal experiment, written out with its defaults, has the same hash', () => {
    const experiments = opened();
    const { hash } = experiments.store.getState().drafts['explore']!;
    experiments.setSpec('explore', (spec) => ({ ...spec, params: { depth: 3 } }));
    expect(experiments.store.getState().drafts['explore']!.hash).toBe(hash);
  });

  it('keeps a prompt that is too long, and says so', () => {
    const experiments = opened();
    const text = 'x'.repeat(LIMITS.promptCharacters + 1);
    experiments.setSpec('explore', withPrompt(text));
    const draft = experiments.store.getState().drafts['explore']!;
    expect(draft.spec.prompts).toEqual([{ text }]);
    expect(draft.problem?.code).toBe('bad-spec');
    expect(() => experiments.minimal('explore')).toThrow(/prompts/);
    experiments.setSpec('explore', withPrompt('short'));
    expect(experiments.store.getState().drafts['explore']!.problem).toBeNull();
  });

  it('brings a prompt that is too long back after a reload, whole and with its problem', () => {
    const storage = memoryStore();
    const text = 'y'.repeat(3 * LIMITS.promptCharacters);
    const before = opened(storage);
    before.setSpec('explore', (spec) => ({ ...spec, prompts: [{ text: 'short' }, { text }], params: { depth: 5 } }));
    expect(before.save('explore')).toBe(true);
    const after = createExperiments(LABS, storage);
    after.open('explore');
    const draft = after.store.getState().drafts['explore']!;
    expect(draft.spec.prompts).toEqual([{ text: 'short' }, { text }]);
    expect(draft.spec.params).toEqual({ depth: 5 });
    expect(draft.problem?.message).toMatch(/^prompts.1: it has 24,000 characters; an experiment holds at most 8,000.*kept/);
    // Links and files stay as strict as they were.
    expect(() => parseSpec(draft.spec)).toThrow(/prompts/);
  });

  it('tells whether an experiment is stored', () => {
    const full = {
      ...memoryStore(),
      setItem: () => {
        throw new Error('full');
      },
    };
    expect(opened(full).save('explore')).toBe(false);
    expect(opened(null).save('explore')).toBe(false);
    expect(opened(memoryStore()).save('explore')).toBe(true);
  });

  it('refuses settings that the lab does not know, and keeps the ones before', () => {
    const experiments = opened();
    experiments.setSpec('explore', (spec) => ({ ...spec, params: { depth: -1 } }));
    const draft = experiments.store.getState().drafts['explore']!;
    expect(draft.problem?.code).toBe('bad-spec');
    expect(draft.spec.params).toEqual({ depth: 3 });
  });

  it('a stored draft that is damaged is no error', () => {
    const storage = memoryStore();
    for (const bad of ['{', '{"v":1}', '"text"', '{"v":99,"lab":"explore"}']) {
      storage.setItem('vitrine:draft:explore', bad);
      const experiments = createExperiments(LABS, storage);
      experiments.open('explore');
      expect(experiments.store.getState().drafts['explore']!.spec.prompts).toEqual([{ text: 'the default' }]);
    }
  });

  it('throws for a lab that is not there', () => {
    expect(() => opened().open('nowhere')).toThrow(/no lab/);
  });
});

describe('persistence', () => {
  it('decides for every key of every store', () => {
    const { store } = createExperiments(LABS, null);
    expect(Object.keys(EXPERIMENT_PERSISTENCE).sort()).toEqual(Object.keys(store.getState()).sort());
    const preferences = createPreferences(null);
    expect(Object.keys(PREFERENCES_PERSISTENCE).sort()).toEqual(Object.keys(preferences.store.getState()).sort());
    expect(RESULTS_PERSISTENCE.panels.local).toBe(false);
  });

  it('keeps locally what is declared so, and nothing else', () => {
    const state = { kept: 1, forgotten: 2 };
    const policies = {
      kept: { url: false, local: true, export: false },
      forgotten: { url: true, local: false, export: true },
    };
    expect(localPart(state, policies)).toEqual({ kept: 1 });
  });

  it('preferences survive a reload; damaged or foreign ones do not get in', () => {
    const storage = memoryStore();
    const before = createPreferences(storage);
    before.setTheme('dark');
    before.remember('first');
    before.remember('second');
    before.remember('first');
    before.toggleSaved('kept');
    const after = createPreferences(storage).store.getState();
    expect(after).toMatchObject({ theme: 'dark', recentPrompts: ['first', 'second'], savedPrompts: ['kept'] });
    storage.setItem(PREFERENCES_KEY, '{"theme":"pink","backend":7,"recentPrompts":[1,"good"],"extra":true}');
    const odd = createPreferences(storage).store.getState();
    expect(odd).toMatchObject({ theme: 'system', backend: 'auto', recentPrompts: ['good'] });
    expect(odd).not.toHaveProperty('extra');
  });

  it('works where storage throws', () => {
    const broken = {
      getItem: () => {
        throw new Error('forbidden');
      },
      setItem: () => {
        throw new Error('full');
      },
      removeItem: () => undefined,
    };
    const preferences = createPreferences(broken);
    preferences.setTheme('light');
    expect(preferences.store.getState().theme).toBe('light');
    const experiments = opened(broken);
    experiments.setSpec('explore', withPrompt('still here'));
    experiments.save('explore');
    expect(experiments.store.getState().drafts['explore']!.spec.prompts).toEqual([{ text: 'still here' }]);
  });
});
