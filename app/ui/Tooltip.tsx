import { useEffect, useId, useRef, useState, type ReactElement, type ReactNode } from 'react';
import styles from './Tooltip.module.css';

export interface TooltipProps {
  readonly text: ReactNode;
  /** What has the tooltip; must hold something that takes the focus, so that a keyboard reaches the text. */
  readonly children: ReactNode;
}

/** A sentence shown on hover and on focus. Esc hides it; it stays while the pointer is on it. */
export function Tooltip({ text, children }: TooltipProps): ReactElement {
  const id = useId();
  const box = useRef<HTMLSpanElement>(null);
  const [place, setPlace] = useState<{ readonly x: number; readonly y: number; readonly above: boolean } | null>(null);
  const open = place !== null;
  const show = (): void => {
    const rect = box.current?.firstElementChild?.getBoundingClientRect();
    if (!rect) return;
    const x = Math.min(Math.max(rect.left + rect.width / 2, 150), window.innerWidth - 150);
    const above = rect.top > window.innerHeight / 2;
    setPlace({ x, above, y: above ? rect.top - 6 : rect.bottom + 6 });
  };
  useEffect(() => {
    if (!open) return;
    const hide = (event: Event): void => {
      if (!(event instanceof KeyboardEvent) || event.key === 'Escape') setPlace(null);
    };
    window.addEventListener('keydown', hide, true);
    window.addEventListener('scroll', hide, true);
    return () => {
      window.removeEventListener('keydown', hide, true);
      window.removeEventListener('scroll', hide, true);
    };
  }, [open]);
  useEffect(() => {
    const target = box.current?.firstElementChild;
    target?.setAttribute('aria-describedby', id);
  }, [id]);
  return (
    <span
      ref={box}
      className={styles.box}
      onMouseEnter={show}
      onMouseLeave={() => setPlace(null)}
      onFocus={show}
      onBlur={() => setPlace(null)}
    >
      {children}
      <span
        id={id}
        role="tooltip"
        hidden={!open}
        className={styles.tip}
        style={place ? { left: place.x, top: place.y, translate: place.above ? '-50% -100%' : '-50% 0' } : undefined}
      >
        {text}
      </span>
    </span>
  );
}
