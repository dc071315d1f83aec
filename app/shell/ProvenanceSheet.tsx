import type { ReactElement } from 'react';
import { useStore } from 'zustand';
import type { Provenance } from '../../core/protocol/messages.ts';
import { IDLE_PANEL } from '../state/results.ts';
import { Sheet } from '../ui/Dialog.tsx';
import { experiments, results } from './app.ts';
import styles from './Dialogs.module.css';
import { backendLabel, milliseconds } from './format.ts';

/** How the result on screen was computed, down to digests, and what about it is approximate. */
export function ProvenanceSheet({ lab, onClose }: { readonly lab: string; readonly onClose: () => void }): ReactElement {
  const hash = useStore(experiments.store, ({ drafts }) => drafts[lab]?.hash);
  const entry = useStore(results.store, ({ entries, panels }) => {
    const shown = (panels[lab] ?? IDLE_PANEL).shown;
    return (hash === undefined ? undefined : entries[hash]) ?? (shown === null ? undefined : entries[shown]);
  });
  return (
    <Sheet title="How was this computed?" isOpen onClose={onClose}>
      {entry ? (
        <div className={styles.stack}>
          <p>
            {entry.source === 'live'
              ? 'In this tab, by the worker of this page.'
              : 'Before, by the same engine, and shipped with this page. Press Run to compute it here.'}
          </p>
          <Facts provenance={entry.provenance} />
          <section className={styles.stack}>
            <h3>What is approximate</h3>
            <ul className={styles.prose}>
              {approximations(entry.provenance).map((text) => (
                <li key={text}>{text}</li>
              ))}
            </ul>
          </section>
        </div>
      ) : (
        <p>Nothing was computed yet.</p>
      )}
    </Sheet>
  );
}

function Facts({ provenance: p }: { readonly provenance: Provenance }): ReactElement {
  const rows: readonly (readonly [string, string, mono?: boolean])[] = [
    ['Lab', `${p.lab}, version ${p.labV}`],
    ['Experiment', p.specHash, true],
    ['Model', `${p.model.id}, weights ${p.model.quantization}`],
    ['Model digest', p.model.digest, true],
    ...p.saes.map(({ id, digest }) => [`Dictionary ${id}`, digest, true] as const),
    ['Backend', backendLabel(p.backend)],
    ['Adapter', p.adapter ?? 'none'],
    ['BOS token in front', p.bos ? 'yes' : 'no'],
    ['Seed', p.seed === null ? 'none: nothing is drawn at random' : String(p.seed)],
    ['Ablation', p.ablation ?? 'none'],
    ['Time', p.milliseconds > 0 ? milliseconds(p.milliseconds) : 'not recorded'],
    ['Version of the page', p.commit === '' ? 'not recorded' : p.commit, true],
  ];
  return (
    <dl className={styles.facts}>
      {rows.map(([name, value, mono]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className={mono === true ? styles.hash : undefined}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Everything about a result that could be mistaken for exact, in words. */
function approximations(p: Provenance): readonly string[] {
  const weights: Readonly<Record<string, string>> = {
    int8: 'Weights are held as 8-bit integers, with one scale for each 32 of them; activations and sums are 32-bit floats. Numbers differ a little from those of the float32 checkpoint.',
    int4: 'Weights are held as 4-bit integers, with one scale for each 32 of them; activations and sums are 32-bit floats. Numbers differ visibly from those of the float32 checkpoint.',
  };
  return [
    weights[p.model.quantization] ?? 'Weights are 32-bit floats, as activations and sums are.',
    ...(p.saes.length > 0
      ? ['A dictionary explains a part of the activations only; the share it leaves (FVU) is printed with the features.']
      : []),
    ...(p.bos ? ['A BOS token stands in front of the prompt. Activations on it are large and rarely mean anything.'] : []),
    ...(p.ablation === null ? [] : [`“Removed” means ${p.ablation} ablation; another kind can give another answer.`]),
    ...(p.backend === 'webgpu'
      ? ['Graphics cards add in another order than processors; last digits differ between backends, not between runs.']
      : []),
    'The lab’s own approximations are under “Explain”.',
  ];
}
