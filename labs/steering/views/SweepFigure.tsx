import { line, scaleLinear, type ScaleLinear } from 'd3';
import { useRef, type ReactElement } from 'react';
import { linesSvg, type LinesPicture } from '../../../app/charts/export/lines.ts';
import { useWidth } from '../../../app/charts/measure.ts';
import { PlotPoint } from '../../../app/charts/PlotPoint.tsx';
import { useScheme } from '../../../app/charts/scheme.ts';
import { Button } from '../../../app/ui/Button.tsx';
import { cx } from '../../../app/ui/cx.ts';
import { Select } from '../../../app/ui/Field.tsx';
import { tipGroup } from '../../../app/ui/Tips.tsx';
import { Figure } from '../../../app/views/Figure.tsx';
import { number, percent, plural, signed } from '../../../app/views/numbers.ts';
import { LOSS_RISE } from '../lib/warnings.ts';
import { steerName, type NameOf } from './words.tsx';
import type { Sweep, SweepPoint } from '../result.ts';
import { methodOf, type Steer, type SteeringParams } from '../spec.ts';
import { MethodsFigure } from './MethodsFigure.tsx';
import shared from './steering.module.css';
import { LossBand, ValueLines } from './LossPlot.tsx';
import styles from './sweep.module.css';

export interface SweepFigureProps {
  readonly steers: readonly Steer[];
  readonly asked: SteeringParams['sweep'];
  readonly sweep: Sweep | null;
  readonly running: boolean;
  readonly nameOf: NameOf;
  readonly greedy: boolean;
  readonly file: string;
  readonly onAsk: (sweep: SteeringParams['sweep']) => void;
}

/** Effect against coherence over the strengths of one steer. */
export function SweepFigure({
  steers,
  asked,
  sweep,
  running,
  nameOf,
  greedy,
  file,
  onAsk,
}: SweepFigureProps): ReactElement | null {
  const scheme = useScheme();
  if (steers.length === 0) return null;
  const at = Math.min(asked?.steer ?? 0, steers.length - 1);
  const name = (steer: Steer): string => steerName(steer, nameOf);
  const steer = steers[at];
  // Greedy texts are all the same.
  const ask = (index: number, compare?: true): void =>
    onAsk({ steer: index, from: -4, to: 4, steps: 9, texts: greedy ? 1 : 2, ...(compare && { compare }) });
  const controls = (
    <span className={shared.buttons}>
      {steers.length > 1 && (
        <Select
          label="Of"
          inline
          value={String(at)}
          options={steers.map((s, i) => ({ value: String(i), label: name(s) }))}
          onChange={(i) => ask(Number(i))}
        />
      )}
      {asked === null && (
        <Button size="s" onClick={() => ask(at)}>
          Sweep the strength
        </Button>
      )}
      {steer?.kind === 'feature' && !asked?.compare && (
        <Button size="s" variant={asked === null ? 'plain' : 'quiet'} onClick={() => ask(at, true)}>
          Compare methods
        </Button>
      )}
      {asked !== null && (
        <Button size="s" variant="quiet" onClick={() => onAsk(null)}>
          Close
        </Button>
      )}
    </span>
  );
  if (asked === null || !steer)
    return (
      <section className={styles.sweep}>
        <div className={styles.head}>
          <h2>Strength against coherence</h2>
          {controls}
        </div>
        <p className={shared.note}>
          Writes short texts at nine strengths from −4 to +4 and draws how much of it is in the words, and how coherent they stay.
          It takes a few seconds. “Compare methods” does so for adding the feature, setting it and scaling it.
        </p>
      </section>
    );
  if (!sweep || sweep.points.length === 0)
    return (
      <section className={styles.sweep}>
        <div className={styles.head}>
          <h2>Strength against coherence</h2>
          {controls}
        </div>
        <div className={styles.sweepPlace}>{running ? 'The first strengths are on their way.' : 'Run to sweep.'}</div>
      </section>
    );
  const own = methodOf(steer);
  return (
    <section className={cx(styles.sweep, styles.figures)}>
      <Figure
        title="Strength against coherence"
        controls={controls}
        caption={finding(sweep, name(steer), asked.steps)}
        data={{
          columns: ['strength', 'effect', 'loss of the unsteered model, nats per token', 'repeated 4-grams'],
          rows: () => sweep.points.map((p) => [p.strength, p.effect ?? NaN, p.loss, p.repeats ?? NaN]),
          format: (x) => number(x),
        }}
        file={`${file}-sweep`}
        svg={() => linesSvg(pictureOf(sweep, asked, steer, name(steer)), scheme)}
      >
        <Curves sweep={sweep} from={asked.from} to={asked.to} now={steer.muted ? 0 : steer.strength} kind={steer.kind} />
      </Figure>
      {asked.compare && <MethodsFigure sweep={sweep} own={own} name={name(steer)} steps={asked.steps} file={file} />}
    </section>
  );
}

const effectLabel = (kind: Steer['kind']): string =>
  `effect: ${kind === 'feature' ? 'activation in the words, own units' : 'how many times v the words carry'}`;
const LOSS_LABEL = 'loss, nats per token: lower is more coherent';

/** The same picture as a file. */
function pictureOf(
  { points, reference, texts, tokens }: Sweep,
  { from, to }: NonNullable<SteeringParams['sweep']>,
  steer: Steer,
  name: string,
): LinesPicture {
  const effects = points.flatMap(({ strength, effect }) => (effect === null ? [] : [{ x: strength, y: effect }]));
  return {
    title: `Strength of ${name} against coherence`,
    panels: [
      {
        label: effectLabel(steer.kind),
        include: reference.effect === null ? [] : [reference.effect],
        series: [{ name: '', points: effects, mark: 'circle', tone: 'value' }],
      },
      {
        label: LOSS_LABEL,
        include: [0, reference.loss],
        band: { upTo: reference.loss + LOSS_RISE, label: `+${LOSS_RISE} nats` },
        series: [{ name: '', points: points.map((p) => ({ x: p.strength, y: p.loss })), mark: 'circle', tone: 'ink' }],
      },
    ],
    xLabel: `strength, × ${steer.kind === 'feature' ? 'its largest known activation' : 'v'}`,
    x: [Math.min(from, to), Math.max(from, to)],
    format: [(v) => signed(v, 2), (v) => number(v, 2)],
    mark: steer.muted ? 0 : steer.strength,
    legend: `mean of ${plural(texts, 'text')} of at most ${tokens} tokens; the dashed line is the strength now`,
  };
}

const coherent = ({ reference }: Sweep, point: SweepPoint): boolean => point.loss - reference.loss <= LOSS_RISE;

function finding(sweep: Sweep, name: string, steps: number): string {
  const good = sweep.points.filter((point) => coherent(sweep, point));
  const best = good.reduce<SweepPoint | null>(
    (a, b) => (b.effect !== null && (a === null || b.effect > (a.effect ?? -Infinity)) ? b : a),
    null,
  );
  const missing = steps - sweep.points.length;
  const how = `Mean of ${plural(sweep.texts, 'text')} of at most ${sweep.tokens} tokens a strength; effect is read by the unsteered model from the words alone.`;
  const left = missing > 0 ? ` ${plural(missing, 'strength')} to come.` : '';
  if (best === null) return `No strength keeps the text within ${LOSS_RISE} nats of the default. ${how}${left}`;
  return `Of the strengths that cost at most ${LOSS_RISE} nats of coherence, ${signed(best.strength)} shows most of ${name}: ${number(best.effect ?? NaN)}, by itself ${number(sweep.reference.effect ?? NaN)}. ${how}${left}`;
}

const PAD = { left: 46, right: 16 };
const PLOT = 96;
const GAP = 48;
const HEIGHT = 2 * PLOT + GAP + 48;

interface CurvesProps {
  readonly sweep: Sweep;
  readonly from: number;
  readonly to: number;
  readonly now: number;
  readonly kind: Steer['kind'];
}

function Curves({ sweep, from, to, now, kind }: CurvesProps): ReactElement {
  const svg = useRef<SVGSVGElement>(null);
  const width = useWidth(svg, 640);
  const x = scaleLinear()
    .domain([Math.min(from, to), Math.max(from, to)])
    .range([PAD.left, width - PAD.right]);
  const { points, reference } = sweep;
  const finite = points.filter((p): p is SweepPoint & { readonly effect: number } => p.effect !== null);
  const effects = [...(reference.effect === null ? [] : [reference.effect]), ...finite.map(({ effect }) => effect)];
  const losses = [reference.loss + LOSS_RISE, reference.loss, ...points.map(({ loss }) => loss)];
  const top = 22;
  const below = top + PLOT + GAP;
  const yEffect = extent(effects).range([top + PLOT, top]);
  const yLoss = extent([0, ...losses]).range([below + PLOT, below]);
  const path = (y: ScaleLinear<number, number>, of: (p: SweepPoint) => number, list: readonly SweepPoint[]): string =>
    line<SweepPoint>(
      (p) => x(p.strength),
      (p) => y(of(p)),
    )([...list]) ?? '';
  const ticks = x.ticks(Math.max(2, Math.min(9, Math.floor(width / 60))));
  const limit = yLoss(reference.loss + LOSS_RISE);
  return (
    <svg
      ref={svg}
      className={styles.curves}
      height={HEIGHT}
      {...tipGroup}
      aria-label="Effect and loss by strength: arrow keys go from point to point"
    >
      <text x={0} y={12}>
        {effectLabel(kind)}
      </text>
      <text x={0} y={below - 12}>
        {LOSS_LABEL}
      </text>
      <LossBand left={PAD.left} right={width - PAD.right} limit={limit} bottom={below + PLOT} />
      <ValueLines left={PAD.left} right={width - PAD.right} scale={yEffect} count={3} />
      <ValueLines left={PAD.left} right={width - PAD.right} scale={yLoss} count={3} />
      {now >= Math.min(from, to) && now <= Math.max(from, to) && (
        <line x1={x(now)} x2={x(now)} y1={top} y2={below + PLOT} className={styles.now} />
      )}
      <path d={path(yEffect, (p) => p.effect ?? NaN, finite)} className={styles.effectLine} />
      <path d={path(yLoss, (p) => p.loss, points)} className={styles.lossLine} />
      {finite.map((p) => (
        <PlotPoint
          key={p.strength}
          x={x(p.strength)}
          y={yEffect(p.effect)}
          tip={`${signed(p.strength)}: effect ${number(p.effect)}, loss ${number(p.loss)}, repeats ${percent(p.repeats ?? NaN)}`}
        >
          <circle cx={x(p.strength)} cy={yEffect(p.effect)} r={3.5} className={styles.effectPoint} />
        </PlotPoint>
      ))}
      {points.map((p) => (
        <PlotPoint
          key={p.strength}
          x={x(p.strength)}
          y={yLoss(p.loss)}
          tip={`${signed(p.strength)}: loss ${number(p.loss)} nats`}
        >
          <circle cx={x(p.strength)} cy={yLoss(p.loss)} r={3.5} className={styles.lossPoint} />
        </PlotPoint>
      ))}
      {ticks.map((tick) => (
        <text key={tick} x={x(tick)} y={HEIGHT - 8} textAnchor="middle" className={styles.digits}>
          {signed(tick, 2)}
        </text>
      ))}
    </svg>
  );
}

function extent(values: readonly number[]): ScaleLinear<number, number> {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return scaleLinear()
    .domain(low === high ? [low - 0.5, high + 0.5] : [low, high])
    .nice(3);
}
