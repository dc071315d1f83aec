import { useCallback, useMemo, type ReactElement } from 'react';
import { hashSpec } from '../../core/spec/index.ts';
import { labelText, useLabels } from '../../app/state/labels.ts';
import type { LabPanelProps, LabView } from '../../app/state/lab-panel.ts';
import { useModel } from '../../app/state/use-model.ts';
import { chatText, isChat, mayChat } from '../../app/views/prompt.ts';
import { PromptInput } from '../../app/views/PromptInput.tsx';
import { WrittenTexts } from '../../app/views/WrittenTexts.tsx';
import {
  addSteer,
  removeSteer,
  setCell,
  setGrid,
  setPrompt,
  setSampling,
  setSteer,
  setStrength,
  setSweep,
  setTurns,
} from './lib/change.ts';
import { ofChunks, ofResult } from './lib/shown.ts';
import type { SteeringChunk, SteeringResult } from './result.ts';
import { lab, samplingOf, steerKey, type SteeringParams, type SteeringView } from './spec.ts';
import { AddSteer } from './views/AddSteer.tsx';
import { AlongFigure } from './views/AlongFigure.tsx';
import { Continue } from './views/Continue.tsx';
import { Effects, Moved } from './views/Effects.tsx';
import { GridFigure } from './views/GridFigure.tsx';
import { Sampling } from './views/Sampling.tsx';
import { SteerRow } from './views/SteerRow.tsx';
import { SweepFigure } from './views/SweepFigure.tsx';
import { steerName } from './views/words.tsx';
import styles from './views/steering.module.css';

type Props = LabPanelProps<SteeringParams, SteeringView, SteeringResult, SteeringChunk>;

/** A prompt, hands on the dial, and what the model writes with and without them. */
function Panel(props: Props): ReactElement {
  const { spec, result, chunks, stale, running, setSpec, setView, run, stop } = props;
  const model = useModel(spec.model);
  const labels = useLabels();
  const streamed = useMemo(() => ofChunks(chunks), [chunks]);
  const before = useMemo(() => (result ? ofResult(result) : null), [result]);
  // A recorded answer to this very question stays whole until the live one is; what streams in replaces any other.
  const shown = before && (!stale || !streamed) ? before : streamed;
  const old = shown === before && stale && before !== null;
  const measured = shown?.measured ?? before?.measured ?? null;
  const [prompt] = spec.prompts;
  const chat = isChat(prompt);
  const text = chat ? chatText(prompt.messages) : prompt && 'text' in prompt ? prompt.text : '';
  const { steers, sweep, grid, turns } = spec.params;
  const sae = spec.saes?.[0] ?? model?.saes[0]?.id ?? null;
  const bosId = numberOf(model?.config['bos_token_id']);
  const eosId = numberOf(model?.config['eos_token_id']);
  const hookOf = useCallback((id: string): string => model?.saes.find((entry) => entry.id === id)?.hookName ?? id, [model]);
  const label = useCallback(
    (id: string, feature: number): string | null => labelText(labels, { model: spec.model, sae: id, feature }),
    [labels, spec.model],
  );
  const sampling = samplingOf(spec);
  const tokens = !old && shown ? shown.prompts.steered.length : null;
  return (
    <div className={styles.panel}>
      <div className={styles.top}>
        <PromptInput
          prompt={prompt}
          tokensText={`${prompt && 'tokens' in prompt ? prompt.tokens.length : 0} tokens by their ids`}
          model={model}
          onChange={(next) => setSpec(setPrompt(next))}
          running={running}
          onRun={run}
          onStop={stop}
          tokens={tokens}
          limit={numberOf(model?.config['n_positions'] ?? model?.config['max_position_embeddings'])}
        />
        <Sampling sampling={sampling} onChange={(change) => setSpec(setSampling(change, sampling.seed))} />
        {model && !chat && !mayChat(model) && (
          <p className={styles.note}>{model.name} has no chat template, so it goes on from plain text.</p>
        )}
      </div>

      <section aria-label="What is added">
        {steers.length === 0 ? (
          <p className={styles.empty}>
            Nothing is steered yet. Add a feature, or a pair of texts whose difference is a direction.
          </p>
        ) : (
          <ul className={styles.steers}>
            {steers.map((steer, i) => (
              <SteerRow
                key={i}
                model={spec.model}
                steer={steer}
                label={steer.kind === 'feature' ? label(steer.sae, steer.feature) : null}
                facts={measured?.steers.find(({ key }) => key === steerKey(steer)) ?? null}
                hookOf={hookOf}
                onStrength={(strength) => setSpec(setStrength(i, strength))}
                onChange={(change) => setSpec(setSteer(i, change))}
                onRemove={() => setSpec(removeSteer(i))}
              />
            ))}
          </ul>
        )}
        <AddSteer
          model={model}
          sae={sae}
          onSae={(id) => setSpec((s) => ({ ...s, saes: [id, ...(s.saes ?? []).slice(1).filter((other) => other !== id)] }))}
          features={shown?.features ?? []}
          prompt={shown?.prompts.steered ?? []}
          label={label}
          count={steers.length}
          onAdd={(steer) => setSpec(addSteer(steer))}
        />
      </section>

      <div className={styles.answer} data-stale={old ? '' : undefined}>
        <WrittenTexts
          shown={shown}
          promptText={text}
          running={running}
          idle={steers.every(({ muted }) => muted)}
          bosId={bosId}
          eosId={eosId}
          chat={chat}
          picked={spec.view.token}
          onPick={(token) => setView({ token })}
          file={fileName(spec)}
        />
        {chat && (
          <Continue
            turns={turns}
            answers={shown && !old && !running ? shown : null}
            onTurns={(next) => {
              setSpec(setTurns(next));
              run();
            }}
          />
        )}
        <div className={styles.below}>
          <section aria-label="What it did">
            <h2>What it did</h2>
            <Effects shown={shown} running={running} steers={steers} label={label} file={fileName(spec)} />
            {shown?.measured && (
              <AlongFigure
                shown={shown}
                steers={steers.flatMap((steer) => {
                  const facts = shown.measured?.steers.find(({ key }) => key === steerKey(steer));
                  return facts
                    ? [{ facts, name: steerName(steer, steer.kind === 'feature' ? label(steer.sae, steer.feature) : null) }]
                    : [];
                })}
                bosId={bosId}
                file={fileName(spec)}
              />
            )}
          </section>
          <div className={styles.stack}>
            <SweepFigure
              steers={steers}
              asked={sweep}
              sweep={shown?.sweep ?? (sweep ? (before?.sweep ?? null) : null)}
              running={running}
              label={label}
              greedy={sampling.temperature === 0}
              file={fileName(spec)}
              onAsk={(asked) => setSpec(setSweep(asked))}
            />
            <GridFigure
              steers={steers}
              asked={grid}
              grid={shown?.grid ?? (grid ? (before?.grid ?? null) : null)}
              running={running}
              suggested={shown?.texts.steered.tokens[0]?.token.text ?? ''}
              file={fileName(spec)}
              onAsk={(asked) => setSpec(setGrid(asked))}
              onCell={(at, hook, strength) => setSpec(setCell(at, hook, strength))}
            />
            <Moved model={spec.model} moved={shown?.measured?.moved ?? []} label={label} hookOf={hookOf} file={fileName(spec)} />
          </div>
        </div>
      </div>
    </div>
  );
}

const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);

/** `steering-<first 12 digits of the experiment's hash>`. */
function fileName(spec: Props['spec']): string {
  try {
    return `steering-${hashSpec(spec, lab).slice(0, 12)}`;
  } catch {
    return 'steering';
  }
}

export const view: LabView<SteeringParams, SteeringView, SteeringResult, SteeringChunk> = { Panel };
