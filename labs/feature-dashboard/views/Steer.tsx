import { useMemo, useState, type ReactElement } from 'react';
import { MAX_STRENGTH, steerLink, steerSpec, type SteerRequest } from '../../../core/share/steer-link.ts';
import { textsOfChunks, textsOfResult, type WritingChunk, type WrittenBoth } from '../../../core/written.ts';
import { isEmbedded } from '../../../app/state/embed-parts.tsx';
import { useSideRun } from '../../../app/state/side-run.ts';
import { Button, IconButton, LinkButton } from '../../../app/ui/Button.tsx';
import { ErrorNotice } from '../../../app/ui/Notice.tsx';
import { NumberField } from '../../../app/ui/NumberField.tsx';
import { number, signed } from '../../../app/views/numbers.ts';
import { StrengthSlider } from '../../../app/views/StrengthSlider.tsx';
import { WrittenTexts, type PickedToken } from '../../../app/views/WrittenTexts.tsx';
import type { DashboardContext } from './panel.tsx';
import styles from './dashboard.module.css';
import own from './Steer.module.css';

/** What of the steering lab's answer is drawn here. `key`: `<sae>/<feature>` of each steer; `scale`: what a strength of 1 is. */
type Answer = WrittenBoth & { readonly steers: readonly { readonly key: string; readonly scale: number }[] };

/** How strongly, and what the model writes then beside what it writes by itself: the steering lab's own experiment. */
export function Steer({ context }: { readonly context: DashboardContext }): ReactElement {
  const { dashboard, spec, sae, feature, prompt, setView } = context;
  const { strength, writes } = spec.view;
  const { max } = dashboard.stats;
  const name = `feature ${feature}`;
  const set = (value: number): void => setView({ strength: value });
  const request: SteerRequest = { model: spec.model, sae, feature, strength, ...(prompt === '' ? {} : { prompt }) };
  return (
    <section className={own.steer} aria-label="Steer with it">
      <h2>Steer with it</h2>
      <div className={own.row}>
        <StrengthSlider
          label={name}
          value={strength}
          valueText={strength === 0 ? '0: nothing is added' : `${signed(strength, 2)} × max`}
          disabled={false}
          onChange={set}
        />
        <span className={own.amount}>
          <NumberField
            label={`Strength of ${name}, number`}
            hideLabel
            value={strength}
            min={-MAX_STRENGTH}
            max={MAX_STRENGTH}
            step={0.1}
            onChange={set}
          />
          <span>× max</span>
          <IconButton label={`Set the strength of ${name} to 0`} size="s" onClick={() => set(0)}>
            ↺
          </IconButton>
        </span>
        <LinkButton href={steerLink(request)}>Open in the steering lab</LinkButton>
      </div>
      <p className={styles.note}>
        {max > 0
          ? `Adds its decoder row at every token, ${strength < 0 ? 'with a minus sign, ' : ''}and writes beside the model as it is, with the same seed. “Max” is the largest activation that the dictionary itself lists; on the texts of this page it is at most ${number(max)}.`
          : 'Its largest activation is not known, as it was never active; the strength is then in its own units.'}
        {prompt !== '' && ' Your text is what is written on.'}
      </p>
      <Both key={`${sae}/${feature}`} context={context} request={request} writes={writes} />
    </section>
  );
}

interface BothProps {
  readonly context: DashboardContext;
  readonly request: SteerRequest;
  readonly writes: boolean;
}

/** Left by itself, right steered, as it is written; while it is open it follows the slider and the text. */
function Both({ context, request, writes }: BothProps): ReactElement {
  const { sae, feature, prompt, bosId, eosId, file, live, setView } = context;
  const { model, strength } = request;
  const spec = useMemo(
    () =>
      steerSpec({ model, sae, feature, ...(strength === undefined ? {} : { strength }), ...(prompt === '' ? {} : { prompt }) }),
    [model, sae, feature, strength, prompt],
  );
  const [pressed, setPressed] = useState(false);
  const [picked, setPicked] = useState<PickedToken | null>(null);
  // A link may have it open; in an embed nothing starts before it is pressed.
  const side = useSideRun<Answer, WritingChunk>('feature-dashboard/steer', spec, writes && (pressed || (live && !isEmbedded())));
  const { result, stale, chunks, running, error } = side;
  const streamed = useMemo(() => textsOfChunks(chunks), [chunks]);
  const before = useMemo(
    () => (result?.steers[0]?.key === `${sae}/${feature}` ? textsOfResult(result) : null),
    [result, sae, feature],
  );
  const shown = before && (!stale || !streamed) ? before : streamed;
  const steer = stale ? undefined : result?.steers[0];
  const { strength: amount } = context.spec.view;
  const old = shown !== null && shown === before && stale;
  const start = (): void => {
    setPressed(true);
    setView({ writes: true });
    side.run();
  };
  return (
    <>
      <div className={styles.files}>
        {!running && (
          <Button variant={writes ? 'plain' : 'primary'} onClick={start}>
            {writes && before ? 'Write it again' : 'Write with it here'}
          </Button>
        )}
        {running && <Button onClick={side.stop}>Stop writing</Button>}
        {writes && !running && (
          <Button variant="quiet" onClick={() => setView({ writes: false })}>
            Close
          </Button>
        )}
      </div>
      {error && writes && <ErrorNotice error={error} onRetry={start} />}
      {writes && (shown !== null || running) && (
        <div className={styles.answer} data-stale={old ? '' : undefined} aria-busy={running}>
          {shown === before && steer && (
            <p className={styles.note}>
              Added: {signed(amount)} × {number(steer.scale)} = {signed(amount * steer.scale)} times its decoder row.
            </p>
          )}
          <WrittenTexts
            shown={shown}
            promptText={prompt}
            running={running}
            idle={strength === 0}
            bosId={bosId}
            eosId={eosId}
            chat={false}
            picked={picked}
            onPick={setPicked}
            file={`${file}-steered`}
          />
        </div>
      )}
    </>
  );
}
