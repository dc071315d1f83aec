import { scaleLinear, scaleLog } from 'd3';
import { useId, useRef, useState, type KeyboardEvent, type PointerEvent, type ReactElement } from 'react';
import { step } from './Heatmap.tsx';
import styles from './Histogram.module.css';
import { useWidth } from './measure.ts';

export interface HistogramProps {
  readonly label: string;
  /** counts + 1 edges, ascending. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  readonly format: (x: number) => string;
  /** Counts on a log scale, as tails are otherwise invisible; the axis says so. */
  readonly log?: boolean;
  /** A value to mark on the x axis. */
  readonly mark?: number | null;
  /** What the x axis is, with its unit. */
  readonly xLabel?: string;
  /** What is counted; “values” where left out. */
  readonly counted?: string;
  /** `unsigned`: bars in the colour of activations; `signed`: vermilion below 0, blue above. */
  readonly tone?: 'plain' | 'unsigned' | 'signed';
}

const PLOT = 106;
const TOP = 4;

/** Counts over equal bins, with numbers at the ends of both axes. Pointer, finger and arrow keys go over the bins; the one they are on is told above. */
export function Histogram(props: HistogramProps): ReactElement {
  const { label, edges, counts, format, log = false, mark, xLabel, counted, tone = 'plain' } = props;
  const floor = TOP + PLOT;
  const height = floor + (xLabel === undefined ? 22 : 38);
  const svg = useRef<SVGSVGElement>(null);
  const width = useWidth(svg, 420);
  const [over, setOver] = useState<number | null>(null);
  const id = useId();
  const most = Math.max(1, ...counts);
  const first = edges[0] ?? 0;
  const last = edges[edges.length - 1] ?? 1;
  const x = scaleLinear()
    .domain(first === last ? [first, first + 1] : [first, last])
    .range([0, width]);
  // Log counts start at half of one, so that a bin with one value is seen.
  const y = (log ? scaleLog().domain([0.5, Math.max(2, most)]) : scaleLinear().domain([0, most])).range([floor, TOP]);
  const told =
    over === null
      ? `most in a bin: ${most.toLocaleString('en')}${counted === undefined ? '' : ` ${counted}`}${log ? ', log scale' : ''}`
      : `${(counts[over] ?? 0).toLocaleString('en')}${counted === undefined ? '' : ` ${counted}`} from ${format(edges[over] ?? 0)} to ${format(edges[over + 1] ?? 0)}`;
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = step(event, { row: 0, column: over ?? -1 }, 1, counts.length);
    if (!next) return;
    event.preventDefault();
    setOver(next.column);
  };
  const onPointer = (event: PointerEvent): void => {
    const box = event.currentTarget.getBoundingClientRect();
    const at = Math.floor(((event.clientX - box.left) / box.width) * counts.length);
    setOver(Math.min(Math.max(0, at), counts.length - 1));
  };
  return (
    // One stop for the keyboard; the bins are inside of it.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      className={styles.frame}
      role="application"
      aria-roledescription="histogram"
      aria-label={`${label}. Arrow keys go over the bins.`}
      aria-describedby={id}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      onKeyDown={onKeyDown}
      onBlur={() => setOver(null)}
      onPointerMove={onPointer}
      onPointerDown={onPointer}
      onPointerLeave={(event) => event.pointerType !== 'touch' && setOver(null)}
    >
      <p className={styles.told} id={id} aria-live="polite">
        {told}
      </p>
      <svg className={styles.chart} ref={svg} height={height} aria-hidden="true">
        {counts.map((n, i) => {
          const left = x(edges[i] ?? 0);
          const wide = Math.max(1, x(edges[i + 1] ?? 0) - left - 1);
          const top = n > 0 ? y(n) : floor;
          const colour = tone === 'plain' ? styles.bar : tone === 'unsigned' ? styles.unsigned : signedClass(edges, i);
          return (
            <rect
              key={edges[i]}
              x={left}
              y={top}
              width={wide}
              height={floor - top}
              className={over === i ? styles.over : colour}
            />
          );
        })}
        <line x1={0} x2={width} y1={floor} y2={floor} className={styles.axis} />
        {first < 0 && last > 0 && x(0) > 70 && x(0) < width - 70 && (
          <>
            <line x1={x(0)} x2={x(0)} y1={floor} y2={floor + 5} className={styles.axis} />
            <text x={x(0)} y={floor + 17} className={styles.middle}>
              0
            </text>
          </>
        )}
        {mark !== undefined && mark !== null && <line x1={x(mark)} x2={x(mark)} y1={TOP} y2={floor} className={styles.mark} />}
        <text x={0} y={floor + 17} className={styles.text}>
          {format(first)}
        </text>
        <text x={width} y={floor + 17} className={styles.end}>
          {format(last)}
        </text>
        {xLabel !== undefined && (
          <text x={width / 2} y={floor + 34} className={styles.middle}>
            {xLabel}
          </text>
        )}
      </svg>
    </div>
  );
}

/** A bin counts as negative where its middle is. */
const signedClass = (edges: readonly number[], i: number): string | undefined =>
  (edges[i] ?? 0) + (edges[i + 1] ?? 0) < 0 ? styles.negative : styles.positive;
