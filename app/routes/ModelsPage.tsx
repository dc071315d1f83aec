import { useEffect, type ReactElement } from 'react';
import { useStore } from 'zustand';
import { catalogue, engineHost } from '../shell/app.ts';
import { count, megabytes } from '../shell/format.ts';
import { downloadBytes, type ModelEntry } from '../state/catalogue.ts';
import { Skeleton } from '../ui/Disclosure.tsx';
import { Notice } from '../ui/Notice.tsx';
import { Table, type Column } from '../ui/Table.tsx';
import styles from './LabPage.module.css';
import { Storage } from './Storage.tsx';

interface Row extends ModelEntry {
  readonly isLoaded: boolean;
}

const COLUMNS: readonly Column<Row>[] = [
  { key: 'name', label: 'Name', cell: (model) => <a href={`#/models/${model.id}`}>{model.name}</a> },
  { key: 'family', label: 'Family', cell: (model) => model.family },
  {
    key: 'parameters',
    label: 'Parameters',
    numeric: true,
    cell: (m) => (m.parameters === undefined ? '–' : count(m.parameters)),
  },
  { key: 'weights', label: 'Weights', cell: (model) => model.quantization.kind },
  { key: 'download', label: 'Download', numeric: true, cell: (model) => megabytes(downloadBytes(model, [])) },
  { key: 'memory', label: 'In memory', numeric: true, cell: (model) => megabytes(model.requires.memoryBytes) },
  { key: 'saes', label: 'Dictionaries', numeric: true, cell: (model) => model.saes.length },
  { key: 'where', label: 'Where', cell: (model) => (model.isLoaded ? 'loaded in this tab' : 'comes with this site') },
];

/** The models that this site can run. */
export default function ModelsPage(): ReactElement {
  const { models, missing } = useStore(catalogue.store);
  const loaded = useStore(engineHost.store, ({ memory }) => memory?.models);
  useEffect(() => void catalogue.load(), []);
  return (
    <>
      <h1>Models</h1>
      <p className={styles.lead}>What this site can run in this tab. A model is downloaded with the first run that needs it.</p>
      {models === null ? (
        <Skeleton height="120px" label="Loading the catalogue" />
      ) : (
        <Table
          caption="Models"
          columns={COLUMNS}
          rows={models.map((model) => ({ ...model, isLoaded: loaded?.some(({ id }) => id === model.id) === true }))}
          rowKey={(model) => model.id}
          empty="No model comes with this copy of the site."
        />
      )}
      {missing.length > 0 && (
        <div style={{ marginTop: 20 }}>
          <Notice tone="warn" title="Some models of the catalogue cannot be used">
            <ul>
              {missing.map(({ id, why }) => (
                <li key={id}>
                  {id}: {why}.
                </li>
              ))}
            </ul>
          </Notice>
        </div>
      )}
      <Storage />
    </>
  );
}
