import { useEffect } from 'react';

const inText = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** `j` goes to the next feature, `k` to the one before; not while something is typed, nor while a window lies over the page. */
export function useFeatureKeys(feature: number, dSae: number | null, go: (feature: number) => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || inText(event.target)) return;
      if (document.querySelector('dialog[open]') !== null) return;
      const to = event.key === 'j' ? feature + 1 : event.key === 'k' ? feature - 1 : null;
      if (to === null || to < 0 || (dSae !== null && to >= dSae)) return;
      event.preventDefault();
      go(to);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [feature, dSae, go]);
}
