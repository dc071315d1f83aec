import type { ReactElement } from 'react';
import type { FeatureDashboard } from '../../../core/dashboards/types.ts';
import { tensorData } from '../../../core/protocol/wire-tensor.ts';
import { exploreLink, searchLink } from '../../../core/share/text-links.ts';
import { Legend } from '../../../app/charts/Legend.tsx';
import { Button } from '../../../app/ui/Button.tsx';
import { GammaSlider } from '../../../app/views/GammaSlider.tsx';
import { number, percent } from '../../../app/views/numbers.ts';
import { PromptBox } from '../../../app/views/PromptBox.tsx';
import { quoteToken } from '../../../app/views/tokens.ts';
import { TokenStrip } from '../../../app/views/TokenStrip.tsx';
import { textOf } from '../lib/example-text.ts';
import { strongestToken } from '../lib/shown.ts';
import type { TextActivations } from '../result.ts';
import type { FeatureContext } from './panel.tsx';
import { Sources } from './Sources.tsx';
import styles from './dashboard.module.css';

export interface TestTextProps {
  readonly context: FeatureContext;
  readonly dashboard: FeatureDashboard | null;
  readonly text: TextActivations | null;
  readonly stale: boolean;
  readonly running: boolean;
  readonly onType: (text: string) => void;
  readonly onRun: () => void;
  readonly onStop: () => void;
}

/** The reader's own text and where on it the feature is active. */
export function TestText(props: TestTextProps): ReactElement {
  const { context, dashboard, text, stale, running, onType, onRun, onStop } = props;
  const { prompt, bosId, spec, setView, tryText, model, sae, feature, file } = context;
  const request = { model: spec.model, saes: model?.saes.map(({ id }) => id) ?? [sae], text: prompt };
  const limit = model?.config['n_positions'] ?? model?.config['max_position_embeddings'];
  const strongest = text && strongestToken(text, bosId);
  const known = dashboard?.stats.max ?? 0;
  const full = Math.max(known, strongest?.value ?? 0);
  const example = dashboard?.groups.find(({ kind }) => kind === 'top')?.examples[0];
  return (
    <section className={styles.test} aria-label="Try your own text">
      <PromptBox
        label="Text to test"
        placeholder="Try your own text on this feature"
        value={prompt}
        onChange={onType}
        running={running && prompt !== ''}
        onRun={onRun}
        onStop={onStop}
        tokens={text && !stale && prompt !== '' ? text.tokens.length : null}
        limit={typeof limit === 'number' ? limit : null}
      />
      {prompt === '' ? (
        <p className={styles.note}>
          {example ? (
            <Button size="s" variant="quiet" className={styles.begins} onClick={() => tryText(textOf(example.tokens, bosId))}>
              Try the text on which it is strongest
            </Button>
          ) : (
            'Type a text to see where the feature is active on it.'
          )}
        </p>
      ) : text ? (
        <>
          <div className={styles.answer} data-stale={stale ? '' : undefined}>
            <TokenStrip
              label="Tokens of your text"
              tokens={text.tokens}
              selected={
                spec.view.token === null || spec.view.token >= text.tokens.length
                  ? null
                  : { from: spec.view.token, to: spec.view.token }
              }
              onSelect={(token) => setView({ token: token === spec.view.token ? null : token })}
              shade={{ values: tensorData(text.activations), full, name: 'activation', gamma: spec.view.gamma }}
              bosId={bosId}
            />
            <div className={styles.stripNote}>
              <p>{found(text, strongest, known, spec.view.token)}</p>
              <Legend
                kind="unsigned"
                low="0"
                high={number(full)}
                gamma={spec.view.gamma}
                control={<GammaSlider value={spec.view.gamma} onChange={(gamma) => setView({ gamma })} />}
              >
                activation, the dictionary’s units
              </Legend>
            </div>
          </div>
          {text.sources && !stale && (
            <Sources tokens={text.tokens} sources={text.sources} bosId={bosId} name={`feature ${feature}`} file={file} />
          )}
          <p className={styles.note}>
            What else is active on this text: <a href={searchLink(request)}>the strongest features</a> of all dictionaries, or{' '}
            <a href={exploreLink({ ...request, saes: [sae] })}>token by token</a>.
          </p>
        </>
      ) : (
        <p className={styles.note}>{running ? 'The tokens are on their way.' : 'Run to see where the feature is active.'}</p>
      )}
    </section>
  );
}

function found(
  text: TextActivations,
  strongest: ReturnType<typeof strongestToken>,
  known: number,
  selected: number | null,
): string {
  const values = tensorData(text.activations);
  const token = selected === null ? undefined : text.tokens[selected];
  const here = token && selected !== null ? ` On ${quoteToken(token)} it is ${number(values[selected] ?? 0)}.` : '';
  if (!strongest) return `It is silent on this text.${here}`;
  const share = known > 0 ? ` of ${number(known)} known (${percent(strongest.value / known)})` : '';
  return `Strongest on ${quoteToken(text.tokens[strongest.position])}: ${number(strongest.value)}${share}.${here}`;
}
