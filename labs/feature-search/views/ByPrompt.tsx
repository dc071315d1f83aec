import { useMemo, type ReactElement } from 'react';
import { useFocus } from '../../../app/state/focus.ts';
import { Part } from '../../../app/state/embed-parts.tsx';
import { Segmented, Toggle } from '../../../app/ui/Segmented.tsx';
import { useScheme } from '../../../app/charts/scheme.ts';
import { Figure } from '../../../app/views/Figure.tsx';
import { number, percent, plural } from '../../../app/views/numbers.ts';
import { PromptBox } from '../../../app/views/PromptBox.tsx';
import { siteShort } from '../../../app/views/sites.ts';
import { StripPlace } from '../../../app/views/StripPlace.tsx';
import { TokenStrip } from '../../../app/views/TokenStrip.tsx';
import { quoteToken, segments } from '../../../app/views/tokens.ts';
import { promptRows, type PromptRow } from '../lib/rows.ts';
import { searched } from '../lib/score.ts';
import { Controls } from './Controls.tsx';
import { Hits, type Hit } from './Hits.tsx';
import { withParams, type SearchContext } from './panel.tsx';
import { hitsSvg } from './picture.tsx';
import { Results } from './Results.tsx';
import styles from './search.module.css';

/** Features that are active on a text: on all of it, or on the tokens that are picked. */
export function ByPrompt({ context }: { readonly context: SearchContext }): ReactElement {
  const { props, found, text, model } = context;
  const { spec, running, setSpec, run, stop } = props;
  const limit = model?.config['n_positions'] ?? model?.config['max_position_embeddings'];
  const [prompt] = spec.prompts;
  return (
    <div className={styles.stack}>
      <Part id="question">
        <PromptBox
          label="Prompt"
          value={text}
          onChange={(value) =>
            setSpec((s) => ({
              ...s,
              prompts: [{ ...(prompt && 'bos' in prompt ? prompt : {}), text: value }, ...s.prompts.slice(1)],
              // Places in another text are other places.
              params: { ...s.params, tokens: null },
            }))
          }
          running={running}
          onRun={run}
          onStop={stop}
          tokens={found.tokens && !found.stale ? found.tokens.length : null}
          limit={typeof limit === 'number' ? limit : null}
        />
        <div className={styles.answer} data-stale={found.stale ? '' : undefined}>
          {found.tokens ? (
            <Strip context={context} />
          ) : (
            <div className={styles.strip}>
              <StripPlace label="The tokens are on their way" text={text} />
              <div className={styles.note}>
                <p>{EVERY_TOKEN}</p>
              </div>
            </div>
          )}
        </div>
        <div className={styles.controls}>
          <Segmented
            label="Score of a feature"
            value={spec.params.score}
            options={[
              { value: 'max', label: 'largest activation' },
              { value: 'sum', label: 'sum' },
            ]}
            onChange={(score) => context.ask(withParams({ score }))}
          />
          <Segmented
            label="Rank by"
            showLabel
            value={spec.params.rank}
            options={[
              { value: 'activation', label: 'activation' },
              { value: 'share', label: 'share of its max' },
            ]}
            onChange={(rank) => context.ask(withParams({ rank }))}
          />
          <Controls context={context} />
        </div>
      </Part>
      <Results context={context} found={found.prompt.length > 0} waiting={running || found.tokens !== null}>
        <Answer context={context} />
      </Results>
    </div>
  );
}

const EVERY_TOKEN = 'Searched: every token. Pick some to search on those alone; shift-click takes a stretch.';

/** The tokens; those that are picked are outlined, and a feature that one is on shades them. */
function Strip({ context }: { readonly context: SearchContext }): ReactElement {
  const { props, found, bosId, ask } = context;
  const { params } = props.spec;
  const tokens = useMemo(() => found.tokens ?? [], [found.tokens]);
  const focused = useFocus((focus) => (focus?.sae !== undefined ? `${focus.sae}/${focus.feature ?? ''}` : null));
  const row = useMemo(
    () => (focused === null ? undefined : promptRows(found.prompt, params).find(({ key }) => key === focused)),
    [focused, found.prompt, params],
  );
  const chosen = new Set(params.tokens ?? []);
  const hasBos = tokens[0]?.id === bosId;
  const pick = (position: number, extend: boolean): void => {
    const part = segments(tokens, true).find(({ to }) => to === position) ?? { from: position, to: position };
    const last = params.tokens?.at(-1) ?? part.from;
    const [from, to] = extend ? [Math.min(last, part.from), Math.max(last, part.to)] : [part.from, part.to];
    const range = Array.from({ length: to - from + 1 }, (_, i) => from + i).filter((p) => p > 0 || params.bos || !hasBos);
    const next = extend || !chosen.has(part.to) ? [...chosen, ...range] : [...chosen].filter((p) => !range.includes(p));
    ask(withParams({ tokens: next.length === 0 ? null : [...new Set(next)].sort((a, b) => a - b) }));
  };
  return (
    <div className={styles.strip}>
      <TokenStrip
        label="Tokens of the prompt"
        tokens={tokens}
        selected={null}
        chosen={chosen}
        onSelect={pick}
        bosId={bosId}
        shade={
          row
            ? {
                values: row.values,
                full: Math.max(row.maxKnown || 0, ...row.values.subarray(hasBos ? 1 : 0)),
                name: `feature ${row.feature}`,
              }
            : null
        }
      />
      <div className={styles.note}>
        <p>
          {params.tokens === null ? EVERY_TOKEN : `Searched: ${params.tokens.map((p) => quoteToken(tokens[p])).join(' ')}`}
          {params.tokens !== null && (
            <button type="button" className={styles.link} onClick={() => ask(withParams({ tokens: null }))}>
              All tokens
            </button>
          )}
        </p>
        {hasBos && (
          <Toggle
            label="Beginning of text (BOS) too"
            checked={params.bos}
            onChange={(bos) => ask(withParams({ bos, ...(bos || !params.tokens ? {} : { tokens: withoutBos(params.tokens) }) }))}
          />
        )}
      </div>
    </div>
  );
}

function withoutBos(tokens: readonly number[]): readonly number[] | null {
  const rest = tokens.filter((p) => p > 0);
  return rest.length === 0 ? null : rest;
}

function Answer({ context }: { readonly context: SearchContext }): ReactElement {
  const { props, found, names, text, file, bosId } = context;
  const scheme = useScheme();
  const { spec } = props;
  const { params } = spec;
  const rows = useMemo(() => promptRows(found.prompt, params), [found.prompt, params]);
  const tokens = found.tokens ?? [];
  const from = tokens[0]?.id === bosId && !params.bos ? 1 : 0;
  const hits = useMemo(() => rows.map((row) => hitOf(row, from)), [rows, from]);
  return (
    <Figure
      title={params.score === 'max' ? 'Most active features' : 'Largest sums of activation'}
      caption={finding(context, rows)}
      file={`${file}-prompt`}
      data={{
        columns: [
          'dictionary',
          'feature',
          params.score === 'max' ? 'largest activation' : 'sum of activations',
          'share of max known',
          'max known',
          'density',
          ...tokens.map((token, p) => `${p} ${token.text}`),
        ],
        rows: () => rows.map((r) => [r.sae, r.feature, r.score, r.share, r.maxKnown, r.density, ...r.values]),
        format: (x) => number(x),
      }}
      svg={() =>
        hitsSvg(
          {
            title: params.score === 'max' ? 'Most active features' : 'Largest sums of activation',
            model: spec.model,
            hits,
            names,
            legend: `${params.score === 'max' ? 'largest activation' : 'sum of activations'}, each dictionary’s own units`,
          },
          scheme,
        )
      }
    >
      {rows.length === 0 ? (
        <p className={styles.empty}>
          {found.done
            ? 'No feature is active there that is as rare as you ask. Allow more common ones, or pick other tokens.'
            : 'Nothing yet.'}
        </p>
      ) : (
        <Hits label="Features found" model={spec.model} hits={hits} names={names} prompt={text} />
      )}
    </Figure>
  );
}

/** @param from the first position that takes part */
function hitOf(row: PromptRow, from: number): Hit {
  const full = Math.max(row.maxKnown || 0, ...row.values.subarray(from));
  return {
    key: row.key,
    sae: row.sae,
    hook: row.hook,
    feature: row.feature,
    shares: Float32Array.from(row.values, (x, p) => (p < from ? 0 : Math.min(1, x / (full || 1)))),
    value: number(row.score),
    amount: row.score,
    of: Number.isNaN(row.share) ? 'max unknown' : `${percent(row.share)} of ${number(row.maxKnown)}`,
    fact: Number.isNaN(row.density) ? '' : `on ${percent(row.density)}`,
  };
}

function finding({ props, found, bosId }: SearchContext, rows: readonly PromptRow[]): string {
  const { params, saes = [] } = props.spec;
  const active = found.prompt.reduce((sum, site) => sum + site.active, 0);
  const dense = found.prompt.reduce((sum, site) => sum + site.dense, 0);
  const tokens = found.tokens ?? [];
  const on = searched(params, tokens.length, tokens[0]?.id === bosId).length;
  const where = `${plural(active, 'feature is', 'features are')} active on the ${plural(on, 'token')} searched, in ${plural(found.prompt.length, 'dictionary', 'dictionaries')}${found.done ? '' : ` of ${saes.length}, more to come`}`;
  const left = dense === 0 ? '' : ` ${plural(dense, 'is', 'are')} left out as too common.`;
  const [first] = rows;
  if (!first) return `${where}.${left}`;
  const at = first.values.indexOf(Math.max(...first.values));
  const best = `The first is feature ${first.feature} of ${siteShort(first.hook)}: ${params.score === 'max' ? `${number(first.score)} on ${quoteToken(tokens[at])}` : `${number(first.score)} in sum`}${Number.isNaN(first.share) ? '' : `, ${percent(first.share)} of the largest activation known`}.`;
  const scale = `Activations are in each dictionary’s own units${params.rank === 'activation' ? ', which differ between dictionaries; “share of its max” compares them on one scale' : '; shares are of the largest activation on the card’s text, so more than 100 % is possible'}.`;
  return `${where}; shown are the best ${rows.length}.${left} ${best} ${scale}`;
}
