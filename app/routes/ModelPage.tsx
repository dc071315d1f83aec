import { useEffect, type ReactElement } from 'react';
import { useStore } from 'zustand';
import { parseAddressId } from '../../core/files/address.ts';
import { parseHubId } from '../../core/files/hub.ts';
import { remoteUrl } from '../../core/files/remote.ts';
import { catalogue, hub } from '../shell/app.ts';
import { count, megabytes } from '../shell/format.ts';
import { downloadBytes, type ModelEntry } from '../state/catalogue.ts';
import { Digest } from '../ui/Digest.tsx';
import { Skeleton } from '../ui/Disclosure.tsx';
import { headings, Markdown } from '../ui/Markdown.tsx';
import { Table, type Column } from '../ui/Table.tsx';
import styles from './LabPage.module.css';
import page from './ModelPage.module.css';
import { Scores, useText } from './Scores.tsx';
import { SaeMap } from './SaeMap.tsx';
import UnknownPage from './UnknownPage.tsx';

/** One model: what it is, its dictionaries as a map, its card with measured scores, and every file with its digest. */
export default function ModelPage({ id }: { readonly id: string }): ReactElement {
  const models = useStore(catalogue.store, (state) => state.models);
  useEffect(() => void catalogue.load(), []);
  if (models === null) return <Skeleton height="60vh" label="Loading the model’s card" />;
  const model = models.find((known) => known.id === id);
  return model ? <Card model={model} /> : <UnknownPage what={`a model called “${id}”`} />;
}

function Card({ model }: { readonly model: ModelEntry }): ReactElement {
  return (
    <>
      <h1>{model.name}</h1>
      <p className={styles.lead}>{sentence(model)}</p>
      <div className={page.sections}>
        {model.saes.length > 0 && (
          <section aria-labelledby="dictionaries">
            <h2 id="dictionaries">Dictionaries</h2>
            <SaeMap model={model} />
            <p>
              <a href={`#/features/${model.id}`}>Browse their features</a>
            </p>
          </section>
        )}
        {model.scores !== undefined && (
          <section aria-labelledby="scores">
            <h2 id="scores">Scores</h2>
            <Scores path={`${model.folder}${model.scores}`} />
          </section>
        )}
        <section aria-labelledby="files">
          <h2 id="files">Files</h2>
          <Files model={model} />
        </section>
        <section aria-labelledby="card">
          <h2 id="card">Model card</h2>
          {model.source === 'hub' ? (
            <HubCard id={model.id} />
          ) : model.card === undefined ? (
            <p>There is no card.</p>
          ) : (
            <CardText path={`${model.folder}${model.card}`} />
          )}
        </section>
      </div>
    </>
  );
}

/** Cards of the Hub stay there: nothing is fetched from it but what was confirmed. Other addresses have none that is known. */
function HubCard({ id }: { readonly id: string }): ReactElement {
  const other = parseAddressId(id);
  if (other)
    return (
      <p>
        It came from <code>{other.address}</code>, whose files at the time have the pin <code>{other.pin}</code>: made of their
        sizes and of samples of them.
      </p>
    );
  const reference = parseHubId(id);
  if (!reference) return <p>There is no card.</p>;
  return (
    <p>
      <a href={`${hub.host}/${reference.repo}/tree/${reference.commit}`} target="_blank" rel="noreferrer">
        Card and files on {new URL(hub.host).host}
      </a>
      , at the commit that is used here.
    </p>
  );
}

function sentence(model: ModelEntry): string {
  const parameters = model.parameters === undefined ? 'A' : `A ${count(model.parameters)}-parameter`;
  const trained = model.trainedTokens === undefined ? '' : `, trained on ${count(model.trainedTokens)} tokens`;
  const saes = model.saes.length === 0 ? 'no dictionaries' : `${model.saes.length} dictionaries`;
  return `${parameters} transformer of the ${model.family} family${trained}. ${model.quantization.kind} weights, ${megabytes(downloadBytes(model, []))} ${model.source === 'local' ? 'in files' : 'to download'}, ${saes}. Licence: ${model.license || 'not stated'}.`;
}

function CardText({ path }: { readonly path: string }): ReactElement {
  const text = useText(path);
  if (text === undefined) return <Skeleton height="300px" label="Loading the card" />;
  if (text === null) return <p>The card is not there.</p>;
  // The page has the title already.
  const body = text.replace(/^---\n[\s\S]*?\n---\n/, '').replace(/^\s*# .*\n/, '');
  const parts = headings(body).filter(({ level }) => level === 2);
  return (
    <>
      {parts.length > 2 && (
        <nav className={page.contents} aria-label="Parts of the card">
          {parts.map(({ id, text: name }) => (
            <button key={id} type="button" onClick={() => document.getElementById(id)?.scrollIntoView()}>
              {name}
            </button>
          ))}
        </nav>
      )}
      <Markdown text={body} />
    </>
  );
}

interface FileRow {
  readonly path: string;
  readonly href: string | null;
  readonly role: string;
  readonly bytes: number;
  readonly sha256: string;
}

const FILE_COLUMNS: readonly Column<FileRow>[] = [
  {
    key: 'path',
    label: 'File',
    cell: ({ href, path }) =>
      href === null ? (
        path
      ) : (
        <a href={href} download>
          {path.split('/').slice(-2).join('/')}
        </a>
      ),
  },
  { key: 'role', label: 'What', cell: (file) => file.role },
  { key: 'bytes', label: 'Size', numeric: true, cell: (file) => megabytes(file.bytes) },
  {
    key: 'sha256',
    label: 'SHA-256',
    cell: ({ sha256 }) => (sha256 === '' ? 'none given' : <Digest value={sha256} length={16} className={page.digest} />),
  },
];

function Files({ model }: { readonly model: ModelEntry }): ReactElement {
  const rows: readonly FileRow[] = [
    ...model.files.map((file) => ({ ...file, href: hrefOf(model, file.path) })),
    ...model.saes.map((sae) => ({ ...sae, role: `dictionary ${sae.id}`, href: `${model.folder}${sae.path}` })),
  ];
  return <Table caption="Files of this model" rows={rows} rowKey={(file) => file.path} columns={FILE_COLUMNS} />;
}

/** Null: the file lies nowhere that has an address. */
function hrefOf({ id, folder, source }: ModelEntry, path: string): string | null {
  if (source === 'local') return null;
  return source === 'hub' ? remoteUrl(id, path, hub.host) : `${folder}${path}`;
}
