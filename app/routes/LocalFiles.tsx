import { useRef, useState, type ReactElement } from 'react';
import { useStore } from 'zustand';
import { heldAs } from '../../core/files/hub.ts';
import { engineHost, localModels } from '../shell/app.ts';
import { count, megabytes } from '../shell/format.ts';
import { switchModel } from '../shell/switch-model.ts';
import { whyNot } from '../state/fit.ts';
import type { OfferedFiles } from '../state/local-models.ts';
import { Button } from '../ui/Button.tsx';
import { Skeleton } from '../ui/Disclosure.tsx';
import { ErrorNotice } from '../ui/Notice.tsx';
import styles from './Models.module.css';

/** Files of this device as a model: dropped or picked, looked at, then opened. They never leave the tab. */
export function LocalFiles(): ReactElement {
  const offered = useStore(localModels.store, (state) => state.offered);
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const take = (files: FileList | null): void => {
    if (files && files.length > 0) void localModels.offer([...files]);
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
          take(event.dataTransfer.files);
        }}
      >
        <p>
          Drop one .gguf file, or the .safetensors of a model together with its config.json and tokenizer.json. They stay in this
          tab, until it is closed.
        </p>
        <Button onClick={() => input.current?.click()}>Choose files</Button>
        <input
          ref={input}
          type="file"
          multiple
          hidden
          accept=".gguf,.safetensors,.json"
          aria-label="Files of a model"
          onChange={(event) => {
            take(event.target.files);
            event.target.value = '';
          }}
        />
      </div>
      {offered && <Offered offered={offered} />}
    </section>
  );
}

function Offered({ offered }: { readonly offered: OfferedFiles }): ReactElement {
  const info = useStore(engineHost.store, ({ status }) => (status.state === 'ready' ? status.info : null));
  const { files, needs, error } = offered;
  const bytes = files.reduce((sum, { blob }) => sum + blob.size, 0);
  const why = needs && whyNot(heldAs(needs).bytes, info);
  return (
    <section className={styles.card} aria-label="The files you gave">
      <dl className={styles.facts}>
        <div>
          <dt>Files</dt>
          <dd>
            {files.map(({ name }) => name).join(', ')}; {megabytes(bytes)}
          </dd>
        </div>
        {needs && (
          <>
            <div>
              <dt>Model</dt>
              <dd>
                {needs.family}, {count(needs.parameters)} parameters, {needs.weights} weights
              </dd>
            </div>
            <div>
              <dt>This device</dt>
              <dd>{why === null ? 'can run it' : `cannot run it: ${why}`}</dd>
            </div>
          </>
        )}
      </dl>
      {!needs && !error && <Skeleton height="60px" label="Reading what the files are" />}
      {error && <ErrorNotice error={error} onDismiss={() => localModels.dismiss()} />}
      <div className={styles.row}>
        <Button
          variant="primary"
          disabled={!needs || why !== null}
          onClick={() => {
            const id = localModels.confirm();
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
