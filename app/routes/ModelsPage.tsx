import { useEffect, type ReactElement } from 'react';
import { useStore } from 'zustand';
import { isAddressId } from '../../core/files/address.ts';
import { hostOf } from '../../core/files/remote.ts';
import { memoryOf, whyNotModel } from '../shell/device-fit.ts';
import { catalogue, engineHost, hub } from '../shell/app.ts';
import { count, megabytes } from '../shell/format.ts';
import { downloadBytes, type ModelEntry } from '../state/catalogue.ts';
import type { DownloadState } from '../state/hub.ts';
import { Skeleton } from '../ui/Disclosure.tsx';
import { Notice } from '../ui/Notice.tsx';
import { Table, type Column } from '../ui/Table.tsx';
import { AddModel } from './AddModel.tsx';
import { Downloads } from './Downloads.tsx';
import { MODELS_TITLE } from './headings.ts';
import styles from './LabPage.module.css';
import { LocalFiles } from './LocalFiles.tsx';
import own from './Models.module.css';
import { Storage } from './Storage.tsx';

interface Row extends ModelEntry {
  readonly where: string;
  /** Why this device cannot run it; null where it can. */
  readonly why: string | null;
  readonly memory: number;
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
  { key: 'memory', label: 'In memory', numeric: true, cell: (model) => megabytes(model.memory) },
  { key: 'saes', label: 'Dictionaries', numeric: true, cell: (model) => model.saes.length },
  { key: 'where', label: 'Where', cell: (model) => <span className={own.nowrap}>{model.where}</span> },
  {
    key: 'device',
    label: 'This device',
    cell: ({ why }) =>
      why === null ? <span className={own.nowrap}>can run it</span> : <span className={own.why}>cannot: {why}</span>,
  },
];

/** The models that can be run in this tab, and how to add to them. */
export default function ModelsPage(): ReactElement {
  const { models, missing } = useStore(catalogue.store);
  const { status, memory } = useStore(engineHost.store);
  const downloads = useStore(hub.store, (state) => state.downloads);
  useEffect(() => {
    void catalogue.load();
    void hub.open();
  }, []);
  const info = status.state === 'ready' ? status.info : null;
  const rows = models?.map((model) => ({
    ...model,
    where: whereOf(model, memory?.models.some(({ id }) => id === model.id) === true, downloads[model.id]),
    why: whyNotModel(model, info),
    memory: memoryOf(model, info),
  }));
  return (
    <>
      <h1>{MODELS_TITLE}</h1>
      <p className={styles.lead}>
        What can run in this tab. A model is loaded with the first run that needs it; one of the Hub or of another address only
        once you have confirmed it.
      </p>
      {rows === undefined ? (
        <Skeleton height="120px" label="Loading the catalogue" />
      ) : (
        <Table
          caption="Models"
          columns={COLUMNS}
          rows={rows}
          rowKey={(model) => model.id}
          empty={missing.length > 0 ? 'None can be shown.' : 'No model comes with this copy of the site.'}
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
            <p>Reload the page. If that does not help, this copy of the site is incomplete.</p>
          </Notice>
        </div>
      )}
      <Downloads />
      <AddModel />
      <LocalFiles />
      <Storage />
    </>
  );
}

function whereOf(model: ModelEntry, isLoaded: boolean, download: DownloadState | undefined): string {
  if (isLoaded) return 'loaded in this tab';
  if (model.source === 'local') return 'files of yours';
  if (model.source === 'packaged') return 'local, beside this site';
  if (model.source !== 'hub') return 'comes with this site';
  if (download?.state === 'kept') return 'on this device';
  const host = isAddressId(model.id) ? hostOf(model.id, hub.host) : 'Hub';
  return download?.state === 'downloading' ? `${host}, on its way` : host;
}
