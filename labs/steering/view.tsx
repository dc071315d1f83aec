import { useCallback, useMemo, type ReactElement } from 'react';
import { hashSpec } from '../../core/spec/index.ts';
import { Part } from '../../app/state/embed-parts.tsx';
import type { LabPanelProps, LabView } from '../../app/state/lab-panel.ts';
import { useModel } from '../../app/state/use-model.ts';
import { usePlainKeys } from '../../app/ui/keys.ts';
import { useNames } from '../../app/views/names.ts';
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
import { lab, samplingOf, steerKey, type Steer, type SteeringParams, type SteeringView } from './spec.ts';
import { AddSteer } from './views/AddSteer.tsx';
import { AlongFigure } from './views/AlongFigure.tsx';
import { Continue } from './views/Continue.tsx';
import { Effects, Moved } from './views/Effects.tsx';
import { GridFigure } from './views/GridFigure.tsx';
import { Sampling } from './views/Sampling.tsx';
import { SteerRow } from './views/SteerRow.tsx';
import { SweepFigure } from './views/SweepFigure.tsx';
import { steerName, type NameOf } from './views/words.tsx';
import styles from './views/steering.module.css';

type Props = LabPanelProps<SteeringParams, SteeringView, SteeringResult, SteeringChunk>;

/** A prompt, hands on the dial, and what the model writes with and without them. */
function Panel(props: Props): ReactElement {
  const { spec, result, chunks, stale, running, setSpec, setView, run, stop } = props;
  const model = useModel(spec.model);
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
  const names = useNames(spec.model, dictionariesOf(steers, sae, measured?.moved ?? []));
  const nameOf: NameOf = useCallback((id, feature) => names({ model: spec.model, sae: id, feature }), [names, spec.model]);
  usePlainKeys((key) => {
    if (key !== 'Escape' || spec.view.token === null) return false;
    setView({ token: null });
    return true;
  });
  const sampling = samplingOf(spec);
  const tokens = !old && shown ? shown.prompts.steered.length : null;
  return (
    <div className={styles.panel}>
      <Part id="prompt">
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
      </Part>

      <Part id="steers">
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
                  nameOf={nameOf}
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
            nameOf={nameOf}
            count={steers.length}
            onAdd={(steer) => setSpec(addSteer(steer))}
          />
        </section>
      </Part>

      <div className={styles.answer} data-stale={old ? '' : undefined}>
        <Part id="texts">
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
        </Part>
        <div className={styles.below}>
          <Part id="effects">
            <section aria-label="What it did">
              <h2>What it did</h2>
              <Effects shown={shown} running={running} steers={steers} nameOf={nameOf} file={fileName(spec)} />
              {shown?.measured && (
                <AlongFigure
                  shown={shown}
                  steers={steers.flatMap((steer) => {
                    const facts = shown.measured?.steers.find(({ key }) => key === steerKey(steer));
                    return facts ? [{ facts, name: steerName(steer, nameOf) }] : [];
                  })}
                  bosId={bosId}
                  file={fileName(spec)}
                />
              )}
            </section>
          </Part>
          <div className={styles.stack}>
            <Part id="sweep">
              <SweepFigure
                steers={steers}
                asked={sweep}
                sweep={shown?.sweep ?? (sweep ? (before?.sweep ?? null) : null)}
                running={running}
                nameOf={nameOf}
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
            </Part>
            <Part id="moved">
              <Moved
                model={spec.model}
                moved={shown?.measured?.moved ?? []}
                nameOf={nameOf}
                hookOf={hookOf}
                file={fileName(spec)}
              />
            </Part>
          </div>
        </div>
      </div>
    </div>
  );
}

/** Dictionaries whose features are named on the page. */
const dictionariesOf = (
  steers: readonly Steer[],
  picked: string | null,
  moved: readonly { readonly sae: string }[],
): string[] => [
  ...new Set([
    ...steers.flatMap((steer) => (steer.kind === 'feature' ? [steer.sae] : [])),
    ...moved.map(({ sae }) => sae),
    ...(picked === null ? [] : [picked]),
  ]),
];

const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);

/** `steering-<first 12 digits of the experiment's hash>`. */
function fileName(spec: Props['spec']): string {
  try {
    return `steering-${hashSpec(spec, lab).slice(0, 12)}`;
  } catch {
    return 'steering';
  }
}

export const view: LabView<SteeringParams, SteeringView, SteeringResult, SteeringChunk> = {
  Panel,
  parts: [
    { id: 'prompt', label: 'Prompt and sampling' },
    { id: 'steers', label: 'What is added' },
    { id: 'texts', label: 'Both texts' },
    { id: 'effects', label: 'What it did' },
    { id: 'sweep', label: 'Sweeps of strength and place' },
    { id: 'moved', label: 'Other features that it moves' },
  ],
};
