import type { ReactElement } from 'react';
import { useStore } from 'zustand';
import { downloadBytes } from '../state/catalogue.ts';
import { catalogue, engineHost, experiments } from './app.ts';
import { openDialog } from './dialogs.ts';
import { backendLabel, engineSentence, megabytes } from './format.ts';
import { parseHubId } from '../../core/files/hub.ts';
import { isRemoteId } from '../../core/files/remote.ts';
import { modelName } from '../state/hub.ts';
import styles from './TopBar.module.css';

/** Model, backend and weight in a few words; opens the model sheet. */
export function ModelChip(): ReactElement {
  const { status, memory } = useStore(engineHost.store);
  const models = useStore(catalogue.store, (state) => state.models);
  const spec = useStore(experiments.store, ({ lab, drafts }) => (lab === null ? undefined : drafts[lab]?.spec));
  const id = spec?.model ?? models?.[0]?.id ?? 'primer';
  const loaded = memory?.models.find((model) => model.id === id);
  const entry = models?.find((model) => model.id === id);
  const bytes = loaded?.bytes ?? (entry ? downloadBytes(entry, spec?.saes ?? []) : null);
  const backend =
    status.state === 'ready' ? backendLabel(status.info.backend) : status.state === 'recovering' ? 'recovering' : null;
  const detail = [status.state === 'failed' ? 'engine stopped' : backend, bytes === null ? null : megabytes(bytes)];
  return (
    <button type="button" className={styles.chip} data-tip={engineSentence(status)} onClick={() => openDialog('model')}>
      <span className={styles.dot} data-state={status.state} aria-hidden="true" />
      <b>{short(id).replace(/^local:/, '')}</b>
      <span className={styles.chipDetail}>{detail.filter((part) => part !== null).join(' · ')}</span>
      <span className="visually-hidden">. Engine: {engineSentence(status)} Open the model sheet</span>
    </button>
  );
}

/** A model that came from elsewhere in few letters: the bar is narrow. */
function short(id: string): string {
  const { repo, file } = parseHubId(id) ?? { repo: isRemoteId(id) ? modelName(id) : id, file: null };
  const name = file ?? repo;
  return name.slice(name.lastIndexOf('/') + 1).replace(/\.gguf$/i, '');
}
