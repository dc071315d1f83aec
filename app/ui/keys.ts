import { useEffect, useRef } from 'react';

/** Whether a key goes into a text. */
const isTyped = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** Whether a window, a sheet, a menu or a list of suggestions lies over the page: keys are its own then. */
const isCovered = (): boolean =>
  document.querySelector(':popover-open:not([role="tooltip"]), [role="dialog"]:not([popover]), [role="menu"]') !== null;

/** A key that may act on the page: alone, not typed into a text, not taken yet, with nothing over the page. */
export const isPlainKey = (event: KeyboardEvent): boolean =>
  !event.defaultPrevented && !event.metaKey && !event.ctrlKey && !event.altKey && !isTyped(event.target) && !isCovered();

/** Keys of the whole page. @param act what a plain key does; returns whether it meant something */
export function usePlainKeys(act: (key: string) => boolean): void {
  const now = useRef(act);
  useEffect(() => {
    now.current = act;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (isPlainKey(event) && now.current(event.key)) event.preventDefault();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}

/**
 * `j` to the next row of the lists on the page, `k` to the one before; the first where none has the focus.
 * @param rows selector of what takes the focus in each row, itself an `li` or in an `li` or `tr`
 * @returns whether the key was one of them and there was a row
 */
export function stepRows(key: string, rows: string): boolean {
  if (key !== 'j' && key !== 'k') return false;
  const all = [...document.querySelectorAll<HTMLElement>(rows)];
  const { activeElement } = document;
  const at = all.findIndex((row) => row === activeElement || (row.closest('li, tr')?.contains(activeElement) ?? false));
  const next = all[at < 0 ? 0 : Math.min(Math.max(0, at + (key === 'j' ? 1 : -1)), all.length - 1)];
  next?.focus();
  return next !== undefined;
}
