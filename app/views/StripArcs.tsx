import { useEffect, useState, type ReactElement, type RefObject } from 'react';
import type { TokenText } from '../../core/tokens.ts';
import styles from './TokenStrip.module.css';

export interface Arc {
  readonly from: number;
  readonly to: number;
  /** Share of the strongest, 0 … 1: thickness and strength of the line. */
  readonly weight: number;
}

interface ArcsProps {
  readonly arcs: readonly Arc[];
  readonly strip: RefObject<HTMLDivElement | null>;
  readonly tokens: readonly TokenText[];
}

interface Place {
  readonly x: number;
  readonly y: number;
}

/** Lines over the strip from one token to those that it reads. */
export function StripArcs({ arcs, strip, tokens }: ArcsProps): ReactElement {
  const [places, setPlaces] = useState<ReadonlyMap<number, Place>>(new Map());
  // After the strip's own ref is set, which is later than a child's layout effects.
  useEffect(() => {
    const element = strip.current;
    // Other tokens are other places.
    if (!element || tokens.length === 0) return;
    const measure = (): void => {
      const found = new Map<number, Place>();
      for (const mark of element.querySelectorAll<HTMLElement>('[data-position]'))
        found.set(Number(mark.dataset['position']), { x: mark.offsetLeft + mark.offsetWidth / 2, y: mark.offsetTop - 1 });
      setPlaces(found);
    };
    measure();
    const observer = new ResizeObserver(measure);
    // Its padding changes with the arcs, which its content box does not tell.
    observer.observe(element, { box: 'border-box' });
    return () => observer.disconnect();
  }, [strip, tokens]);
  return (
    <svg className={styles.arcs} aria-hidden="true">
      {arcs.map(({ from, to, weight }) => {
        const [a, b] = [places.get(from), places.get(to)];
        if (!a || !b) return null;
        return (
          <path key={`${from}-${to}`} d={arcPath(a, b)} style={{ strokeWidth: 1 + 3 * weight, opacity: 0.2 + 0.8 * weight }} />
        );
      })}
    </svg>
  );
}

function arcPath(a: Place, b: Place): string {
  if (a.x === b.x && a.y === b.y) return `M${a.x - 5},${a.y} c-9,-22 19,-22 10,0`;
  const lift = Math.min(30, 9 + Math.hypot(a.x - b.x, a.y - b.y) / 8);
  return `M${a.x},${a.y} C${a.x},${a.y - lift} ${b.x},${b.y - lift} ${b.x},${b.y}`;
}
