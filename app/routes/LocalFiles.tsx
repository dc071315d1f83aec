import { useRef, useState, type ReactElement } from 'react';
import { useStore } from 'zustand';
import { checkpointIn } from '../../core/files/checkpoint.ts';
import { toWireError } from '../../core/protocol/errors.ts';
import { localModels } from '../shell/app.ts';
import { count, megabytes } from '../shell/format.ts';
import { dropped } from '../shell/dropped-files.ts';
import { offerDropped } from '../shell/open-file.ts';
import { switchModel } from '../shell/switch-model.ts';
import { weightsOf } from '../state/fit.ts';
import { modelName } from '../state/hub.ts';
import { named, type LocalEntry, type OfferedFiles } from '../state/local-models.ts';
import { say } from '../state/notices.ts';
import { Button } from '../ui/Button.tsx';
import { Skeleton } from '../ui/Disclosure.tsx';
import { ErrorNotice } from '../ui/Notice.tsx';
import styles from './Models.module.css';
import { useHeld, WeightsInMemory } from './WeightsInMemory.tsx';

/** An attribute that React hands on and has no type for. */
const WHOLE_FOLDER = { webkitdirectory: '' };

/** Files of this device as a model: dropped or picked, looked at, then opened. They never leave the tab. */
export function LocalFiles(): ReactElement {
  const { offered, models } = useStore(localModels.store);
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const take = (files: FileList | null): void => {
    if (files && files.length > 0) void localModels.offer(named([...files]));
  };
  const takeFolder = (files: FileList | null): void => {
    const found = checkpointIn([...(files ?? [])].map((file) => ({ name: file.webkitRelativePath, blob: file })));
    if (found.files.length > 0) void localModels.offer(found.files, found.name);
  };
  return (
    <section aria-labelledby="own-files" className={styles.section}>
      <h2 id="own-files">Open files of yours</h2>
      <div
        className={styles.drop}
        data-over={over}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          offerDropped(dropped(event.dataTransfer));
        }}
      >
        <p>
          Drop one .gguf file, or the folder of a model: its .safetensors together with its config.json and tokenizer.json. They
          stay in this tab, until it is closed.
        </p>
        <div className={styles.row}>
          <Button onClick={() => input.current?.click()}>Choose files</Button>
          <Button onClick={() => folder.current?.click()}>Choose a folder</Button>
        </div>
        <input
          ref={input}
          type="file"
          multiple
          hidden
          accept=".gguf,.safetensors,.json,.jinja"
          aria-label="Files of a model"
          onChange={(event) => {
            take(event.target.files);
            event.target.value = '';
          }}
        />
        <input
          ref={folder}
          type="file"
          {...WHOLE_FOLDER}
          hidden
          aria-label="Folder of a model"
          onChange={(event) => {
            takeFolder(event.target.files);
            event.target.value = '';
          }}
        />
      </div>
      {offered && <Offered key={offered.id} offered={offered} />}
      {models.length > 0 && (
        <ul className={styles.downloads} aria-label="Models in files of yours">
          {models.map((entry) => (
            <li key={entry.id}>
              <Opened entry={entry} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Opened({ entry }: { readonly entry: LocalEntry }): ReactElement {
  const { id, files, needs, quantization } = entry;
  const name = modelName(id);
  const bytes = files.reduce((sum, { blob }) => sum + blob.size, 0);
  const remove = (): void =>
    void localModels.remove(id).then(
      () => say(`${name} was removed. Its files stay where they are.`),
      (error: unknown) => say(`It could not be removed: ${toWireError(error).message}.`),
    );
  return (
    <article className={styles.download} aria-label={name}>
      <div className={styles.row}>
        <p className={styles.status}>
          <b>{name}</b>: {needs.family}, {count(needs.parameters)} parameters, {weightsOf(needs, quantization)} weights,{' '}
          {megabytes(bytes)} in files
        </p>
        <div className={styles.actions}>
          <Button size="s" variant="primary" onClick={() => switchModel(id)}>
            Use it
          </Button>
          <Button size="s" variant="quiet" onClick={remove} aria-label={`Remove ${name}`}>
            Remove
          </Button>
        </div>
      </div>
    </article>
  );
}

function Offered({ offered }: { readonly offered: OfferedFiles }): ReactElement {
  const { files, needs, error } = offered;
  const held = useHeld(needs);
  const bytes = files.reduce((sum, { blob }) => sum + blob.size, 0);
  return (
    <section className={styles.card} aria-label="The files you gave">
      <dl className={styles.facts}>
        <div>
          <dt>Files</dt>
          <dd>
            {files.map(({ name }) => name).join(', ')}; {megabytes(bytes)}
          </dd>
        </div>
        {needs && held && (
          <>
            <div>
              <dt>Model</dt>
              <dd>
                {needs.family}, {count(needs.parameters)} parameters, {needs.weights} weights
              </dd>
            </div>
            <div>
              <dt>In memory</dt>
              <dd>{megabytes(held.bytes)}</dd>
            </div>
            <div>
              <dt>This device</dt>
              <dd>{held.why === null ? 'can run it' : `cannot run it: ${held.why}`}</dd>
            </div>
          </>
        )}
      </dl>
      {needs && held && <WeightsInMemory needs={needs} held={held} />}
      {!needs && !error && <Skeleton height="60px" label="Reading what the files are" />}
      {error && <ErrorNotice error={error} onDismiss={() => localModels.dismiss()} />}
      <div className={styles.row}>
        <Button
          variant="primary"
          disabled={held?.why !== null}
          onClick={() => {
            const id = localModels.confirm(held?.as.quantization);
            if (id !== null) switchModel(id);
          }}
        >
          Use it in every lab
        </Button>
        <Button variant="quiet" onClick={() => localModels.dismiss()}>
          Cancel
        </Button>
      </div>
    </section>
  );
}
