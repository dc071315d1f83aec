import { scaleLinear } from 'd3';
import { useMemo, useRef, useState, type PointerEvent, type ReactElement } from 'react';
import { useWidth } from './measure.ts';
import styles from './Scatter.module.css';

export interface ScatterPoint {
  readonly key: number;
  /** On the scale that is drawn: take logarithms before. */
  readonly x: number;
  readonly y: number;
}

export interface ScatterProps {
  readonly label: string;
  readonly points: readonly ScatterPoint[];
  readonly xLabel: string;
  readonly yLabel: string;
  /** How the ends of the axes are printed. */
  readonly format: readonly [x: (v: number) => string, y: (v: number) => string];
  /** A point in words, with its numbers. */
  readonly describe: (key: number) => string;
  readonly marked?: number | null;
  readonly onPick?: (key: number) => void;
}

const HEIGHT = 260;
const PAD = { top: 40, bottom: 40, side: 8 };
/** Below this width the name of an axis has no room between its ends, and stands below them. */
const NARROW = 440;
/** Pixels within which a point is picked. */
const REACH = 24;

/** Many points; the nearest one is told above and picked with a press. The table beside it is its equivalent by keyboard. */
export function Scatter(props: ScatterProps): ReactElement {
  const { label, points, xLabel, yLabel, format, describe, marked = null, onPick } = props;
  const svg = useRef<SVGSVGElement>(null);
  const width = useWidth(svg, 520);
  const [over, setOver] = useState<number | null>(null);
  const [x, y] = useMemo(() => {
    const span = (values: readonly number[]): [number, number] => {
      const low = values.reduce((a, b) => Math.min(a, b), Infinity);
      const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
      return low < high ? [low, high] : [low - 1, high + 1];
    };
    return [
      scaleLinear()
        .domain(span(points.map((p) => p.x)))
        .range([PAD.side, width - PAD.side]),
      scaleLinear()
        .domain(span(points.map((p) => p.y)))
        .range([HEIGHT - PAD.bottom, PAD.top]),
    ];
  }, [points, width]);
  // One path of dots of no length with round ends: a hundred thousand points are one element.
  const dots = useMemo(() => points.map((p) => `M${x(p.x).toFixed(1)} ${y(p.y).toFixed(1)}h0`).join(''), [points, x, y]);
  const at = (key: number | null): ScatterPoint | undefined => points.find((p) => p.key === key);
  const nearest = (event: PointerEvent): number | null => {
    const box = event.currentTarget.getBoundingClientRect();
    let best: number | null = null;
    let least = REACH ** 2;
    for (const p of points) {
      const distance = (x(p.x) - event.clientX + box.left) ** 2 + (y(p.y) - event.clientY + box.top) ** 2;
      if (distance < least) [best, least] = [p.key, distance];
    }
    return best;
  };
  const lit = at(over);
  const fixed = at(marked);
  return (
    // The picture is no control of its own: its table is what the keyboard uses.
    <div
      role="presentation"
      data-picks={onPick && over !== null ? '' : undefined}
      className={styles.frame}
      onPointerMove={(event) => setOver(nearest(event))}
      onPointerDown={(event) => setOver(nearest(event))}
      onPointerLeave={(event) => event.pointerType !== 'touch' && setOver(null)}
      onClick={() => over !== null && onPick?.(over)}
    >
      <svg ref={svg} className={styles.chart} height={HEIGHT} role="img" aria-label={label}>
        <text x={0} y={12} className={styles.text}>
          {over === null ? yLabel : describe(over)}
        </text>
        <text x={0} y={PAD.top - 12} className={styles.text}>
          {format[1](y.domain()[1] ?? 0)}
        </text>
        <path d={dots} className={styles.dots} />
        {fixed && <circle cx={x(fixed.x)} cy={y(fixed.y)} r={6} className={styles.marked} />}
        {lit && <circle cx={x(lit.x)} cy={y(lit.y)} r={6} className={styles.over} />}
        <line x1={0} x2={width} y1={HEIGHT - PAD.bottom + 8} y2={HEIGHT - PAD.bottom + 8} className={styles.axis} />
        <text x={0} y={HEIGHT - 14} className={styles.text}>
          {format[0](x.domain()[0] ?? 0)}
        </text>
        <text x={width / 2} y={width < NARROW ? HEIGHT + 2 : HEIGHT - 14} className={styles.middle}>
          {xLabel}
        </text>
        <text x={width} y={HEIGHT - 14} className={styles.end}>
          {format[0](x.domain()[1] ?? 0)}
        </text>
      </svg>
    </div>
  );
}
