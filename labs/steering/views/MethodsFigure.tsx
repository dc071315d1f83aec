import { extent, line, scaleLinear } from 'd3';
import { useRef, type ReactElement } from 'react';
import { linesSvg, markShape, type LineMark } from '../../../app/charts/export/lines.ts';
import { useWidth } from '../../../app/charts/measure.ts';
import { PlotPoint } from '../../../app/charts/PlotPoint.tsx';
import { useScheme } from '../../../app/charts/scheme.ts';
import { tipGroup } from '../../../app/ui/Tips.tsx';
import { Figure } from '../../../app/views/Figure.tsx';
import { number, plural, signed } from '../../../app/views/numbers.ts';
import { LOSS_RISE } from '../lib/warnings.ts';
import type { Sweep, SweepPoint } from '../result.ts';
import { METHODS, type Method } from '../spec.ts';
import { LossBand, ValueLines } from './LossPlot.tsx';
import styles from './sweep.module.css';

type Effective = SweepPoint & { readonly effect: number };
interface Curve {
  readonly method: Method;
  readonly points: readonly Effective[];
}

const WORDS: Readonly<Record<Method, string>> = {
  add: 'add: s × max × its direction',
  set: 'set (clamp): it reads s × max',
  scale: 'scale: it reads s times what it reads',
};
const MARKS: Readonly<Record<Method, LineMark>> = { add: 'circle', set: 'square', scale: 'diamond' };
const DASHES: Readonly<Record<Method, string | undefined>> = { add: undefined, set: '7 3', scale: '2 3' };

export interface MethodsFigureProps {
  readonly sweep: Sweep;
  readonly own: Method;
  readonly name: string;
  readonly steps: number;
  readonly file: string;
}

/** Adding, setting and scaling one feature at the same strengths: what each puts into the words, and what it costs. */
export function MethodsFigure({ sweep, own, name, steps, file }: MethodsFigureProps): ReactElement {
  const scheme = useScheme();
  const curves = curvesOf(sweep, own);
  const xLabel = 'effect: activation in the words, own units';
  const yLabel = 'loss, nats per token: lower is more coherent';
  return (
    <Figure
      title="Methods compared"
      caption={finding(sweep, curves, name, steps)}
      data={{
        columns: ['method', 'strength', 'effect', 'loss of the unsteered model, nats per token', 'repeated 4-grams'],
        rows: () =>
          curves.flatMap(({ method, points }) => points.map((p) => [method, p.strength, p.effect, p.loss, p.repeats ?? NaN])),
        format: (x) => number(x),
      }}
      file={`${file}-methods`}
      svg={() => {
        const effects = curves.flatMap(({ points }) => points.map(({ effect }) => effect));
        return linesSvg(
          {
            title: `Ways to steer with ${name}: effect against coherence`,
            panels: [
              {
                label: yLabel,
                include: [sweep.reference.loss],
                band: { upTo: sweep.reference.loss + LOSS_RISE, label: `+${LOSS_RISE} nats` },
                series: curves.map(({ method, points }) => {
                  const dash = DASHES[method];
                  return {
                    name: WORDS[method],
                    mark: MARKS[method],
                    tone: method === own ? ('value' as const) : ('ink' as const),
                    ...(dash === undefined ? {} : { dash }),
                    points: points.map((p) => ({ x: p.effect, y: p.loss, label: signed(p.strength, 2) })),
                  };
                }),
              },
            ],
            xLabel,
            x: [Math.min(0, ...effects), Math.max(1e-9, ...effects)],
            format: [(v) => number(v, 2), (v) => number(v, 2)],
            mark: sweep.reference.effect,
            legend: `mean of ${plural(sweep.texts, 'text')} of at most ${sweep.tokens} tokens; numbers are strengths; the dashed line is the default text`,
          },
          scheme,
        );
      }}
    >
      <Curves curves={curves} own={own} sweep={sweep} xLabel={xLabel} yLabel={yLabel} />
      <ul className={styles.methods}>
        {curves.map(({ method }) => (
          <li key={method}>
            <svg width="34" height="14" aria-hidden="true">
              <path
                d="M0 7H34"
                className={styles.methodLine}
                data-own={method === own || undefined}
                strokeDasharray={DASHES[method]}
              />
              <path d={markShape(MARKS[method], 17, 7)} className={styles.methodPoint} data-own={method === own || undefined} />
            </svg>
            {WORDS[method]}
          </li>
        ))}
      </ul>
    </Figure>
  );
}

/** In the order of `METHODS`, whichever is the steer's own; points whose texts could be read. */
export function curvesOf({ points, compared = [] }: Sweep, own: Method): Curve[] {
  const all = [{ method: own, points }, ...compared];
  const known = ({ effect }: SweepPoint): boolean => effect !== null;
  return METHODS.flatMap((method) => {
    const found = all.find((curve) => curve.method === method);
    return found ? [{ method, points: found.points.filter((p): p is Effective => known(p)) }] : [];
  });
}

function finding(sweep: Sweep, curves: readonly Curve[], name: string, steps: number): string {
  const bests = curves.map(({ method, points }) => {
    const coherent = points.filter(({ loss }) => loss - sweep.reference.loss <= LOSS_RISE);
    const best = coherent.reduce<Effective | null>((a, b) => (a === null || b.effect > a.effect ? b : a), null);
    return best === null ? `${method} nothing` : `${method} ${number(best.effect)} (at ${signed(best.strength)})`;
  });
  const left = steps * METHODS.length - curves.reduce((sum, { points }) => sum + points.length, 0);
  const coming = (sweep.compared ?? []).reduce((sum, { points }) => sum + points.length, sweep.points.length);
  const more =
    coming < steps * METHODS.length && left > 0 ? ` ${plural(steps * METHODS.length - coming, 'strength')} to come.` : '';
  return `Most of ${name} in the words for at most ${LOSS_RISE} nats of coherence: ${bests.join(', ')}; by itself ${number(sweep.reference.effect ?? NaN)}. The same strengths, prompt and seeds. Scaling changes nothing where the feature is silent.${more}`;
}

const PAD = { left: 46, right: 24, top: 24, bottom: 42 };
const HEIGHT = 280;

interface CurvesProps {
  readonly curves: readonly Curve[];
  readonly own: Method;
  readonly sweep: Sweep;
  readonly xLabel: string;
  readonly yLabel: string;
}

function Curves({ curves, own, sweep, xLabel, yLabel }: CurvesProps): ReactElement {
  const svg = useRef<SVGSVGElement>(null);
  const width = useWidth(svg, 640);
  const { reference } = sweep;
  const all = curves.flatMap(({ points }) => points);
  const [x0 = 0, x1 = 1] = extent([0, ...all.map(({ effect }) => effect)]);
  const [y0 = 0, y1 = 1] = extent([reference.loss, reference.loss + LOSS_RISE, ...all.map(({ loss }) => loss)]);
  const x = scaleLinear()
    .domain(x0 === x1 ? [x0, x0 + 1] : [x0, x1])
    .nice(5)
    .range([PAD.left, width - PAD.right]);
  const y = scaleLinear()
    .domain([y0, y1])
    .nice(4)
    .range([HEIGHT - PAD.bottom, PAD.top]);
  const limit = y(reference.loss + LOSS_RISE);
  return (
    <svg
      ref={svg}
      className={styles.curves}
      height={HEIGHT}
      {...tipGroup}
      aria-label="Loss by effect, a line for each method: arrow keys go from point to point"
    >
      <text x={0} y={12}>
        {yLabel}
      </text>
      <LossBand left={PAD.left} right={width - PAD.right} limit={limit} bottom={HEIGHT - PAD.bottom} />
      <ValueLines left={PAD.left} right={width - PAD.right} scale={y} count={4} />
      {curves.map(({ method, points }) => (
        <g key={method} data-method={method}>
          <path
            d={
              line<Effective>(
                (p) => x(p.effect),
                (p) => y(p.loss),
              )([...points]) ?? ''
            }
            className={styles.methodLine}
            data-own={method === own || undefined}
            strokeDasharray={DASHES[method]}
          />
          {points.map((p) => (
            <PlotPoint
              key={p.strength}
              x={x(p.effect)}
              y={y(p.loss)}
              tip={`${method}, ${signed(p.strength)}: effect ${number(p.effect)}, loss ${number(p.loss)} nats`}
            >
              <path
                d={markShape(MARKS[method], x(p.effect), y(p.loss))}
                className={styles.methodPoint}
                data-own={method === own || undefined}
              />
            </PlotPoint>
          ))}
        </g>
      ))}
      {x.ticks(Math.max(2, Math.min(6, Math.floor(width / 90)))).map((tick) => (
        <text key={tick} x={x(tick)} y={HEIGHT - PAD.bottom + 18} textAnchor="middle" className={styles.digits}>
          {number(tick, 2)}
        </text>
      ))}
      <text x={width - PAD.right} y={HEIGHT - 6} textAnchor="end">
        {xLabel}
      </text>
    </svg>
  );
}
