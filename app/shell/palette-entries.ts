import { labFragment } from '../../core/share/address.ts';
import { HOME_LAB } from '../state/address.ts';
import { library } from '../state/library.ts';
import { catalogue, experiments, preferences } from './app.ts';
import { openDialog } from './dialogs.ts';
import { LABS, loadExamples } from './labs.ts';
import { runNow } from './live.ts';
import { recentEntries } from './palette-features.ts';
import { listEntries } from './palette-lists.ts';
import { pickSpecFile } from './open-file.ts';
import { labOnScreen } from './shortcuts.ts';

export interface PaletteEntry {
  readonly id: string;
  readonly group: string;
  readonly label: string;
  readonly hint?: string;
  /** The label is a prompt. */
  readonly mono?: boolean;
  readonly go: () => void;
}

const open = (fragment: string) => (): void => {
  location.hash = fragment;
};

/** Everything that can be jumped to or done, prompts used last first. */
export async function allEntries(): Promise<readonly PaletteEntry[]> {
  const [, , ...examples] = await Promise.all([catalogue.load(), library.open(), ...LABS.map((lab) => exampleEntries(lab.id))]);
  const { recentPrompts, savedPrompts } = preferences.store.getState();
  const models = catalogue.store.getState().models ?? [];
  return [
    ...recentEntries(),
    ...LABS.map((lab) => ({
      id: `lab-${lab.id}`,
      group: 'Labs',
      label: lab.title,
      hint: lab.question,
      go: open(`#/lab/${lab.id}`),
    })),
    ...models.map((model) => ({
      id: `model-${model.id}`,
      group: 'Models',
      label: model.name,
      hint: 'Card, scores, dictionaries',
      go: open(`#/models/${model.id}`),
    })),
    ...models
      .filter(({ saes }) => saes.length > 0)
      .map((model) => ({
        id: `features-${model.id}`,
        group: 'Models',
        label: `Features of ${model.name}`,
        hint: 'By dictionary: sort, filter, open',
        go: open(`#/features/${model.id}`),
      })),
    ...savedPrompts.map((text, i) => promptEntry(`saved-${i}`, 'Saved prompts', text)),
    ...recentPrompts
      .filter((text) => !savedPrompts.includes(text))
      .map((text, i) => promptEntry(`recent-${i}`, 'Recent prompts', text)),
    ...listEntries(),
    ...examples.flat(),
    ...actions(),
  ];
}

async function exampleEntries(id: string): Promise<PaletteEntry[]> {
  const lab = experiments.definition(id);
  if (!lab) return [];
  const examples = await loadExamples(id).catch(() => []);
  return examples.map((example, i) => ({
    id: `example-${id}-${i}`,
    group: 'Examples',
    label: example.title,
    hint: lab.title,
    go: open(labFragment(example.spec)),
  }));
}

/** A prompt goes into the lab on screen where there is one, else into the first lab. */
function promptEntry(id: string, group: string, text: string): PaletteEntry {
  return {
    id,
    group,
    label: text,
    mono: true,
    go() {
      const lab = labOnScreen() ?? HOME_LAB;
      if (labOnScreen() === null) location.hash = `#/lab/${lab}`;
      setTimeout(() => {
        experiments.setSpec(lab, (spec) => ({ ...spec, prompts: [{ text }, ...spec.prompts.slice(1)] }));
        runNow(lab);
      });
    },
  };
}

function currentPrompt(): string | null {
  const lab = labOnScreen();
  const prompt = lab === null ? undefined : experiments.store.getState().drafts[lab]?.spec.prompts[0];
  return prompt && 'text' in prompt && prompt.text.trim() !== '' ? prompt.text : null;
}

function actions(): PaletteEntry[] {
  const prompt = currentPrompt();
  const saved = prompt !== null && preferences.store.getState().savedPrompts.includes(prompt);
  const group = 'Actions';
  return [
    ...(prompt === null
      ? []
      : [
          {
            id: 'save',
            group,
            label: saved ? 'Forget this saved prompt' : 'Save this prompt',
            hint: prompt,
            go: () => preferences.toggleSaved(prompt),
          },
        ]),
    ...(labOnScreen() === null ? [] : [{ id: 'share', group, label: 'Share this experiment', go: () => openDialog('share') }]),
    { id: 'open', group, label: 'Open an experiment from a file', go: pickSpecFile },
    { id: 'sheet', group, label: 'Model, backend and memory', go: () => openDialog('model') },
    { id: 'keys', group, label: 'Keyboard', go: () => openDialog('keys') },
    { id: 'light', group, label: 'Light theme', go: () => preferences.setTheme('light') },
    { id: 'dark', group, label: 'Dark theme', go: () => preferences.setTheme('dark') },
    { id: 'system', group, label: 'Theme of the system', go: () => preferences.setTheme('system') },
  ];
}
