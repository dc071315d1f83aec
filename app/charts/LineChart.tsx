import { line, scaleLinear, scaleLog } from 'd3';
import { useRef, type ReactElement } from 'react';
import styles from './LineChart.module.css';
import { useWidth } from './measure.ts';

export interface LineChartProps {
  readonly label: string;
  /** Names of the x steps. */
  readonly steps: readonly string[];
  readonly values: readonly number[];
  /** As printed beside each point. */
  readonly texts: readonly string[];
  /** Log scales need values > 0. */
  readonly y: 'linear' | 'log';
  /** Small numbers on top, as ranks are read. */
  readonly inverted?: boolean;
  readonly yLabel: string;
  readonly marked?: number | null;
}

const HEIGHT = 200;
const PAD = { top: 44, right: 26, bottom: 28, left: 26 };

/** One line over few named steps; every point carries its number. */
export function LineChart({ label, steps, values, texts, y, inverted = false, yLabel, marked }: LineChartProps): ReactElement {
  const svg = useRef<SVGSVGElement>(null);
  const width = useWidth(svg, 420);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const range: [number, number] = inverted ? [PAD.top, HEIGHT - PAD.bottom] : [HEIGHT - PAD.bottom, PAD.top];
  const scale = (y === 'log' ? scaleLog() : scaleLinear()).domain(low === high ? [low, low * 2 || 1] : [low, high]).range(range);
  const x = (i: number): number => PAD.left + (steps.length < 2 ? 0 : (i / (steps.length - 1)) * (width - PAD.left - PAD.right));
  const path = line<number>(
    (_, i) => x(i),
    (v) => scale(v),
  )([...values]);
  return (
    <svg className={styles.chart} ref={svg} height={HEIGHT} role="img" aria-label={label}>
      <text x={0} y={12} className={styles.axis}>
        {yLabel}
      </text>
      <path d={path ?? ''} className={styles.line} />
      {values.map((value, i) => (
        <g key={steps[i]}>
          <circle
            cx={x(i)}
            cy={scale(value)}
            r={marked === i ? 5 : 3.5}
            className={marked === i ? styles.marked : styles.point}
          />
          <text x={x(i)} y={scale(value) - 9} className={styles.value}>
            {texts[i]}
          </text>
          <text x={x(i)} y={HEIGHT - 6} className={styles.step}>
            {steps[i]}
          </text>
        </g>
      ))}
    </svg>
  );
}
