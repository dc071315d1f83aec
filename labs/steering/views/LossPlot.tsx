import type { ScaleLinear } from 'd3-scale';
import type { ReactElement } from 'react';
import { number } from '../../../app/views/numbers.ts';
import { LOSS_RISE } from '../lib/warnings.ts';
import styles from './sweep.module.css';

/** From left to right edge of a plot, px. */
interface Span {
  readonly left: number;
  readonly right: number;
}

/** The losses at which text still hangs together: from `limit` (px, `LOSS_RISE` nats above the loss by itself) down to the axis. */
export function LossBand({
  left,
  right,
  limit,
  bottom,
}: Span & { readonly limit: number; readonly bottom: number }): ReactElement {
  return (
    <>
      <rect className={styles.band} x={left} y={limit} width={Math.max(0, right - left)} height={Math.max(0, bottom - limit)} />
      {/* In the middle, as losses are small there more often than at the ends. */}
      <text x={(left + right) / 2} y={limit - 5} textAnchor="middle" className={styles.faint}>
        +{LOSS_RISE} nats
      </text>
    </>
  );
}

/** Horizontal lines with their values. @param count of ticks, about */
export function ValueLines({
  left,
  right,
  scale,
  count,
}: Span & { readonly scale: ScaleLinear<number, number>; readonly count: number }): ReactElement {
  return (
    <>
      {scale.ticks(count).map((tick) => (
        <g key={tick}>
          <line x1={left} x2={right} y1={scale(tick)} y2={scale(tick)} className={styles.grid} />
          <text x={left - 6} y={scale(tick) + 4} textAnchor="end" className={styles.digits}>
            {number(tick, 2)}
          </text>
        </g>
      ))}
    </>
  );
}
