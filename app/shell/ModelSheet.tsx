import { useEffect, type ReactElement } from 'react';
import { useStore } from 'zustand';
import { toWireError } from '../../core/protocol/errors.ts';
import type { BackendChoice, Memory } from '../../core/protocol/messages.ts';
import { mayRun } from '../state/hub.ts';
import { say } from '../state/notices.ts';
import { Button } from '../ui/Button.tsx';
import { Sheet } from '../ui/Dialog.tsx';
import { Select } from '../ui/Field.tsx';
import { ErrorNotice, Notice } from '../ui/Notice.tsx';
import { Segmented, Toggle } from '../ui/Segmented.tsx';
import { catalogue, engineHost, experiments, hub, preferences } from './app.ts';
import styles from './Dialogs.module.css';
import { whyNotModel } from './device-fit.ts';
import { backendLabel, engineSentence, megabytes } from './format.ts';
import { nameOf, switchModel } from './switch-model.ts';

const CHOICES: readonly { readonly value: BackendChoice; readonly label: string }[] = [
  { value: 'auto', label: 'Automatic' },
  { value: 'webgpu', label: 'WebGPU' },
  { value: 'wasm', label: 'WASM' },
  { value: 'cpu', label: 'CPU' },
];

function choose(backend: BackendChoice): void {
  preferences.setBackend(backend);
  engineHost.setBackend(backend);
}

/** Which backend runs and why, what is in memory, and how to change both. */
export function ModelSheet({ onClose }: { readonly onClose: () => void }): ReactElement {
  const { status, backend, memory } = useStore(engineHost.store);
  const autoStart = useStore(preferences.store, (state) => state.autoStart);
  const info = status.state === 'ready' ? status.info : null;
  const start = (): void => {
    if (status.state === 'failed') engineHost.setBackend(backend);
    else engineHost.engine().start();
  };
  return (
    <Sheet title="Model and engine" isOpen onClose={onClose}>
      <div className={styles.stack}>
        <ModelPicker />
        <section className={styles.stack}>
          <h3>Engine</h3>
          {status.state === 'failed' ? (
            <ErrorNotice error={status.error} onRetry={start}>
              {backend !== 'wasm' && (
                <Button size="s" onClick={() => choose('wasm')}>
                  Use WASM
                </Button>
              )}
            </ErrorNotice>
          ) : (
            <p>{engineSentence(status)}</p>
          )}
          {status.state === 'recovering' && (
            <Notice tone="warn" title="The engine is starting again">
              <p>What you typed is kept, and what was running runs again.</p>
            </Notice>
          )}
          <Segmented label="Backend" showLabel value={backend} options={CHOICES} onChange={choose} />
          <p className={styles.note}>
            {info
              ? info.reason
              : 'Automatic takes WebGPU where a real graphics card is there, else WASM. CPU is slow, for checks.'}
          </p>
          {info && (
            <dl className={styles.facts}>
              <Fact name="Runs on" value={backendLabel(info.backend)} />
              <Fact name="Adapter" value={info.adapter ?? 'none'} />
              {info.software && <Fact name="Kind" value="software adapter: right, but slow" />}
              <Fact name="Threads" value={info.threads === null ? 'not used' : String(info.threads)} />
            </dl>
          )}
          {status.state === 'idle' && (
            <div>
              <Button onClick={start}>Start the engine</Button>
            </div>
          )}
          <Toggle
            label="Start by itself when a page is open"
            checked={autoStart}
            onChange={(checked) => preferences.setAutoStart(checked)}
          />
        </section>
        <InMemory memory={memory} />
        <p className={styles.note}>
          <a href="#/models" onClick={onClose}>
            All models, their cards and dictionaries; add one from the Hub
          </a>
        </p>
      </div>
    </Sheet>
  );
}

/** Which model the labs ask. */
function ModelPicker(): ReactElement | null {
  const models = useStore(catalogue.store, (state) => state.models);
  const hubState = useStore(hub.store);
  const info = useStore(engineHost.store, ({ status }) => (status.state === 'ready' ? status.info : null));
  const current = useStore(experiments.store, ({ lab, drafts }) => (lab === null ? undefined : drafts[lab]?.spec.model));
  useEffect(() => {
    void catalogue.load();
    void hub.open();
  }, []);
  if (!models) return null;
  const options = models.map((model) => {
    const why = whyNotModel(model, info);
    const here = mayRun(hubState, model.id);
    const note = why !== null ? ', does not fit this device' : here ? '' : ', not downloaded yet';
    return { value: model.id, label: `${model.name}${note}`, disabled: why !== null || !here };
  });
  const chosen = current ?? options[0]?.value;
  if (chosen === undefined) return null;
  // What a link names may be none of these.
  const listed = options.some(({ value }) => value === chosen);
  const all = listed ? options : [{ value: chosen, label: `${nameOf(chosen)}, not on this device`, disabled: true }, ...options];
  return (
    <section className={styles.stack}>
      <h3>Model</h3>
      <Select label="Used in every lab" value={chosen} options={all} onChange={switchModel} />
    </section>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }): ReactElement {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function release(target?: string): void {
  engineHost
    .engine()
    .release(target)
    .then(
      () => say(target === undefined ? 'Everything was unloaded.' : `${nameOf(target)} was unloaded.`),
      (error: unknown) => say(`It could not be unloaded: ${toWireError(error).message}.`),
    );
}

function InMemory({ memory }: { readonly memory: Memory | null }): ReactElement {
  const models = memory?.models ?? [];
  const saes = memory?.saes ?? [];
  return (
    <section className={styles.stack}>
      <h3>In memory</h3>
      {memory === null || models.length + saes.length === 0 ? (
        <p className={styles.note}>Nothing is loaded. A model is loaded with the first run that needs it.</p>
      ) : (
        <>
          <ul className={styles.loaded}>
            {models.map(({ id, bytes, quantization }) => (
              <Loaded key={id} id={id} name={nameOf(id)} detail={`model, ${quantization}`} bytes={bytes} />
            ))}
            {saes.map(({ id, bytes }) => (
              <Loaded key={id} id={id} name={id} detail="dictionary" bytes={bytes} />
            ))}
          </ul>
          <p className={styles.note}>
            {megabytes(memory.deviceBytes)} on the device in {memory.tensors} arrays.
          </p>
          <div>
            <Button size="s" onClick={() => release()}>
              Unload everything
            </Button>
          </div>
        </>
      )}
    </section>
  );
}

interface LoadedProps {
  readonly id: string;
  readonly name: string;
  readonly detail: string;
  readonly bytes: number;
}

function Loaded({ id, name, detail, bytes }: LoadedProps): ReactElement {
  return (
    <li>
      <span>
        <b>{name}</b> <span className={styles.note}>{detail}</span>
      </span>
      <span className="num">{megabytes(bytes)}</span>
      <Button size="s" variant="quiet" aria-label={`Unload ${name}`} onClick={() => release(id)}>
        Unload
      </Button>
    </li>
  );
}
