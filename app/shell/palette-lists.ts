import { featureLink } from '../../core/share/feature-address.ts';
import { LIST_LIMITS, type ExperimentItem, type ReaderList } from '../../core/lists/index.ts';
import { hashSpec, type ExperimentSpec } from '../../core/spec/index.ts';
import { library } from '../state/library.ts';
import { addItems, newList, putList, sorted } from '../state/lists.ts';
import { offer } from '../state/notices.ts';
import { plural } from '../views/numbers.ts';
import { siteShort } from '../views/sites.ts';
import { experiments } from './app.ts';
import type { PaletteEntry } from './palette-entries.ts';
import { featureEntryId } from './palette-features.ts';
import { labOnScreen } from './shortcuts.ts';

/** Labels that the palette offers, newest first; the search by label knows all. */
const LABELS = 200;

/** The reader's lists and labels, and the ways to put what is on screen on a list. */
export function listEntries(): PaletteEntry[] {
  const { lists, labels } = library.store.getState();
  const all = sorted(Object.values(lists));
  const open = (fragment: string) => (): void => void (location.hash = fragment);
  return [
    { id: 'lists', group: 'Lists', label: 'Lists', hint: 'Features, notes and experiments of your own', go: open('#/lists') },
    ...all.map((list) => ({
      id: `list-${list.id}`,
      group: 'Lists',
      label: list.name,
      hint: plural(list.items.length, 'item'),
      go: open(`#/lists/${list.id}`),
    })),
    ...Object.values(labels)
      .sort((a, b) => b.at - a.at)
      .slice(0, LABELS)
      .map((label) => ({
        id: featureEntryId(label, 'label'),
        group: 'Your labels',
        label: label.text,
        hint: `${label.model} · ${siteShort(label.sae)} · ${label.feature}`,
        go: open(featureLink(label)),
      })),
    ...saveEntries(all),
  ];
}

/** The experiment on screen, as an item of a list; null where there is none that could be shared. */
function experimentOnScreen(): ExperimentItem | null {
  const lab = labOnScreen();
  const definition = lab === null ? undefined : experiments.definition(lab);
  if (lab === null || !definition) return null;
  try {
    const spec = experiments.minimal(lab);
    return {
      kind: 'experiment',
      id: hashSpec(spec, definition).slice(0, 12),
      title: titleOf(definition.title, spec),
      spec,
      note: '',
      at: Date.now(),
    };
  } catch {
    return null;
  }
}

function titleOf(lab: string, { prompts: [prompt] }: ExperimentSpec): string {
  const text = prompt && 'text' in prompt ? prompt.text.trim().replace(/\s+/g, ' ') : '';
  return (text === '' ? lab : `${lab}: ${text}`).slice(0, LIST_LIMITS.label);
}

function saveEntries(lists: readonly ReaderList[]): PaletteEntry[] {
  const item = experimentOnScreen();
  if (!item) return [];
  const group = 'Keep this experiment';
  const done = (list: ReaderList, stored: boolean): void =>
    offer(stored ? `The experiment is on “${list.name}”.` : `The experiment is on “${list.name}”, but could not be stored.`, {
      label: 'Open',
      run: () => void (location.hash = `#/lists/${list.id}`),
    });
  return [
    ...lists
      .filter(({ items }) => items.length < LIST_LIMITS.items)
      .map((list) => ({
        id: `keep-${list.id}`,
        group,
        label: `Put this experiment on “${list.name}”`,
        hint: item.title,
        go: () => void addItems(list.id, [item]).then((stored) => done(list, stored)),
      })),
    ...(lists.length >= LIST_LIMITS.lists
      ? []
      : [
          {
            id: 'keep-new',
            group,
            label: 'Put this experiment on a new list',
            hint: item.title,
            go: () => {
              const list = newList('Experiments', [item]);
              void putList(list).then((stored) => done(list, stored));
            },
          },
        ]),
  ];
}
