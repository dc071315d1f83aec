import { useEffect, useRef } from 'react';
import { focusStore } from '../../../app/state/focus.ts';
import { featureKey } from '../lib/rows.ts';
import type { ExploreView } from '../spec.ts';

interface KeysOptions {
  readonly view: ExploreView;
  readonly setView: (patch: Partial<ExploreView>) => void;
  /** Rows of the lens and layers of the model; 0 while nothing is there. */
  readonly lensRows: number;
  readonly layers: number;
}

const inText = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** Keys of the whole panel, beside those of its pictures: [ ] layer, j k feature, p pin, Esc clears the selection. */
export function usePanelKeys(options: KeysOptions): void {
  const now = useRef(options);
  useEffect(() => {
    now.current = options;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || inText(event.target)) return;
      if (document.querySelector(':popover-open, [role="dialog"]:not([popover])')) return;
      if (act(event.key, now.current)) event.preventDefault();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
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
    case 'k': {
      const rows = [...document.querySelectorAll<HTMLElement>('[data-features] button')];
      const at = rows.indexOf(document.activeElement as HTMLElement);
      const next = rows[at < 0 ? 0 : Math.min(Math.max(0, at + (key === 'j' ? 1 : -1)), rows.length - 1)];
      next?.focus();
      return next !== undefined;
    }
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
