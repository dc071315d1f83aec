import type { ReactElement } from 'react';
import type { ExperimentSpec, Prompt } from '../../../core/spec/index.ts';
import type { TokenText } from '../../../core/tokens.ts';
import { Button, IconButton } from '../../../app/ui/Button.tsx';
import { PromptBox } from '../../../app/views/PromptBox.tsx';
import styles from './activations.module.css';

export interface PromptsProps {
  readonly prompts: readonly Prompt[];
  /** Tokens of each prompt where the answer to what is asked is there. */
  readonly tokens: readonly (readonly TokenText[])[] | null;
  readonly limit: number | null;
  readonly running: boolean;
  readonly setSpec: (change: (spec: ExperimentSpec) => ExperimentSpec) => void;
  readonly run: () => void;
  readonly stop: () => void;
}

const MOST = 64;

/** The prompts, one box each; the first has the Run button. */
export function Prompts({ prompts, tokens, limit, running, setSpec, run, stop }: PromptsProps): ReactElement {
  const set = (at: number, text: string): void =>
    setSpec((spec) => ({ ...spec, prompts: spec.prompts.map((p, i) => (i === at ? { ...('bos' in p ? p : {}), text } : p)) }));
  const remove = (at: number): void => setSpec((spec) => ({ ...spec, prompts: spec.prompts.filter((_, i) => i !== at) }));
  const textOf = (prompt: Prompt, i: number): string =>
    'text' in prompt
      ? prompt.text
      : (tokens?.[i] ?? [])
          .slice(1)
          .map(({ text }) => text)
          .join('');
  return (
    <section className={styles.prompts} aria-label="Prompts">
      {prompts.map((prompt, i) => (
        // Prompts have no identity but their place.
        // oxlint-disable-next-line react/no-array-index-key
        <PromptBox
          // oxlint-disable-next-line react/no-array-index-key
          key={i}
          label={prompts.length > 1 ? `Prompt ${i}` : 'Prompt'}
          value={textOf(prompt, i)}
          onChange={(text) => set(i, text)}
          running={running}
          onRun={run}
          onStop={stop}
          hideRun={i > 0}
          tokens={tokens?.[i]?.length ?? null}
          limit={limit}
        >
          {prompts.length > 1 && (
            <IconButton label={`Remove prompt ${i}`} onClick={() => remove(i)}>
              ×
            </IconButton>
          )}
        </PromptBox>
      ))}
      <div>
        <Button
          size="s"
          variant="quiet"
          className={styles.begins}
          disabled={prompts.length >= MOST}
          onClick={() => setSpec((spec) => ({ ...spec, prompts: [...spec.prompts, { text: '' }] }))}
        >
          + Add a prompt
        </Button>
      </div>
    </section>
  );
}
