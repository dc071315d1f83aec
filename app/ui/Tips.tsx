import { useEffect, useId, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactElement } from 'react';
import styles from './Tips.module.css';
import { followTips, placeTip, type ShownTip } from './follow-tips.ts';

/**
 * The one tooltip of the page. Whatever has a `data-tip` is told by it: on hover, on the focus of what it is, is in or holds,
 * and on a tap. Esc hides it, and it stays while the pointer is on it, unless that rests on something else with a tip.
 */
export function Tips(): ReactElement {
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const [shown, setShown] = useState<ShownTip | null>(null);
  useEffect(() => followTips(() => box.current, setShown), []);
  useLayoutEffect(() => {
    const tip = box.current;
    if (!tip || !shown) return;
    const { owner, focused } = shown;
    tip.showPopover();
    placeTip(tip, owner);
    focused?.setAttribute('aria-describedby', id);
    return () => {
      focused?.removeAttribute('aria-describedby');
      tip.hidePopover();
    };
  }, [shown, id]);
  return (
    <div ref={box} id={id} role="tooltip" popover="manual" className={styles.tip}>
      {shown?.text}
    </div>
  );
}

/**
 * For what holds many things with tips, each of them with `tabIndex` −1: one stop for the keyboard, arrow keys go from one to
 * the next.
 */
export const tipSteps: { readonly tabIndex: 0; readonly onKeyDown: (event: KeyboardEvent) => void } = {
  tabIndex: 0,
  onKeyDown(event) {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    const all = [...event.currentTarget.querySelectorAll<HTMLElement | SVGElement>('[data-tip]')];
    const at = all.findIndex((one) => one === document.activeElement);
    const last = all.length - 1;
    const goal = { ArrowRight: at + 1, ArrowLeft: at < 0 ? last : at - 1, Home: 0, End: last }[event.key];
    const next = goal === undefined ? undefined : all[goal];
    if (!next) return;
    event.preventDefault();
    next.focus();
  },
};

/** The same, for what is no list. */
export const tipGroup: typeof tipSteps & { readonly role: 'group' } = { role: 'group', ...tipSteps };
