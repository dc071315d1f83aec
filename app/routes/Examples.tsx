import { useEffect, useState, type ReactElement } from 'react';
import { useStore } from 'zustand';
import { experiments } from '../shell/app.ts';
import { loadExamples, type LabExample } from '../shell/labs.ts';
import { runNow } from '../shell/live.ts';
import styles from './LabPage.module.css';

/** The lab's named experiments: a press sets one up and runs it. */
export function Examples({ lab }: { readonly lab: string }): ReactElement {
  const [examples, setExamples] = useState<readonly LabExample[]>([]);
  const hash = useStore(experiments.store, ({ drafts }) => drafts[lab]?.hash);
  useEffect(() => {
    let gone = false;
    void loadExamples(lab).then(
      (loaded) => !gone && setExamples(loaded),
      () => undefined,
    );
    return () => {
      gone = true;
    };
  }, [lab]);
  const choose = (example: LabExample): void => {
    experiments.setSpec(lab, () => example.spec);
    runNow(lab);
  };
  return (
    <section className={styles.examples} aria-label="Examples">
      <span>Try</span>
      {examples.map((example) => (
        <button
          key={example.title}
          type="button"
          className={styles.example}
          data-tip={example.about}
          aria-pressed={example.hash === hash}
          onClick={() => choose(example)}
        >
          {example.title}
        </button>
      ))}
    </section>
  );
}
