import { useEffect, useState, type RefObject } from 'react';

/** Width of an element in CSS pixels, followed as it changes; `fallback` before it is known. */
export function useWidth(element: RefObject<Element | null>, fallback: number): number {
  const [width, setWidth] = useState(fallback);
  useEffect(() => {
    const target = element.current;
    if (!target) return;
    const observer = new ResizeObserver(() => setWidth(target.getBoundingClientRect().width || fallback));
    observer.observe(target);
    return () => observer.disconnect();
  }, [element, fallback]);
  return width;
}

/** Scrolls a frame sideways, never the page, until what lies from `left` to `right` in it is seen. */
export function revealAcross(frame: HTMLElement, left: number, right: number, margin: number): void {
  if (left - margin < frame.scrollLeft) frame.scrollLeft = Math.max(0, left - margin);
  else if (right + margin > frame.scrollLeft + frame.clientWidth) frame.scrollLeft = right + margin - frame.clientWidth;
}
