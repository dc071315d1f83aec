import { focusStore } from '../../../app/state/focus.ts';
import { stepRows, usePlainKeys } from '../../../app/ui/keys.ts';
import { featureKey } from '../lib/rows.ts';
import type { ExploreView } from '../spec.ts';

interface KeysOptions {
  readonly view: ExploreView;
  readonly setView: (patch: Partial<ExploreView>) => void;
  /** Rows of the lens and layers of the model; 0 while nothing is there. */
  readonly lensRows: number;
  readonly layers: number;
}

/** Keys of the whole panel, beside those of its pictures: [ ] layer, j k feature, p pin, Esc clears the selection. */
export function usePanelKeys(options: KeysOptions): void {
  usePlainKeys((key) => act(key, options));
}

/** @returns whether the key meant something */
function act(key: string, { view, setView, lensRows, layers }: KeysOptions): boolean {
  switch (key) {
    case '[':
    case ']': {
      const by = key === ']' ? 1 : -1;
      const clamp = (layer: number, count: number): number => Math.min(Math.max(0, layer + by), Math.max(0, count - 1));
      if (view.tab === 'lens' && lensRows > 0)
        setView({
          cell: { layer: clamp(view.cell?.layer ?? lensRows - 1, lensRows), pos: view.cell?.pos ?? view.token ?? 8_192 },
        });
      else if (view.tab === 'attention' && layers > 0)
        setView({ head: { layer: clamp(view.head?.layer ?? 0, layers), head: view.head?.head ?? 0 } });
      else return false;
      return true;
    }
    case 'j':
    case 'k':
      return stepRows(key, '[data-features] button');
    case 'p': {
      const { focus } = focusStore.getState();
      if (focus?.sae === undefined || focus.feature === undefined) return false;
      const name = featureKey(focus.sae, focus.feature);
      setView({ pinned: view.pinned.includes(name) ? view.pinned.filter((k) => k !== name) : [...view.pinned, name].slice(-50) });
      return true;
    }
    case 'Escape':
      if (view.token === null && view.rangeEnd === null && view.cell === null) return false;
      setView({ token: null, rangeEnd: null, cell: null });
      return true;
    default:
      return false;
  }
}
