import type { ReactElement } from 'react';
import { useStore } from 'zustand';
import { toWireError } from '../../core/protocol/errors.ts';
import { isAddressId } from '../../core/files/address.ts';
import { parseHubId } from '../../core/files/hub.ts';
import { hostOf } from '../../core/files/remote.ts';
import { engineHost, hub } from '../shell/app.ts';
import { megabytes } from '../shell/format.ts';
import { switchModel } from '../shell/switch-model.ts';
import { modelName, type DownloadState, type HubEntry } from '../state/hub.ts';
import { say } from '../state/notices.ts';
import { Button } from '../ui/Button.tsx';
import { ErrorNotice } from '../ui/Notice.tsx';
import styles from './Models.module.css';
import { TooLittleRoom, useRoom } from './Room.tsx';

/** Models of the Hub, and of other addresses, that were confirmed, each with how far it is and what can be done with it. */
export function Downloads(): ReactElement | null {
  const { entries, downloads } = useStore(hub.store);
  if (entries.length === 0) return null;
  return (
    <section aria-labelledby="from-hub" className={styles.section} data-volatile="">
      <h2 id="from-hub">From the Hub{entries.some(({ model }) => isAddressId(model.id)) ? ' and other addresses' : ''}</h2>
      <ul className={styles.downloads}>
        {entries.map((entry) => (
          <li key={entry.model.id}>
            <DownloadRow entry={entry} download={downloads[entry.model.id] ?? { state: 'counting' }} />
          </li>
        ))}
      </ul>
    </section>
  );
}

export interface DownloadRowProps {
  readonly entry: HubEntry;
  readonly download: DownloadState;
}

export function DownloadRow({ entry, download }: DownloadRowProps): ReactElement {
  const { id } = entry.model;
  const name = modelName(id);
  const share = download.state === 'kept' ? 1 : 'done' in download ? Math.min(1, download.done / entry.bytes) : 0;
  const error = download.state === 'paused' ? download.error : null;
  const missing = download.state === 'paused' && error === null ? entry.bytes - download.done : 0;
  const room = useRoom();
  return (
    <article className={styles.download} aria-label={name}>
      <div className={styles.head}>
        <b>{name}</b>
        <span className={styles.note}>
          {entry.needs.family} · {originOf(id)}
        </span>
      </div>
      {download.state !== 'kept' && download.state !== 'unkept' && (
        <progress className={styles.meter} aria-label={`Download of ${name}`} max={1} value={share} />
      )}
      <div className={styles.row}>
        <p className={styles.status}>{sentence(entry, download)}</p>
        <Actions entry={entry} download={download} name={name} />
      </div>
      {error && <ErrorNotice error={error} onRetry={() => hub.resume(id)} />}
      {room !== null && room < missing && (
        <TooLittleRoom bytes={missing} room={room} onWithout={() => hub.doWithoutKeeping(id)} />
      )}
    </article>
  );
}

function Actions({ entry, download, name }: DownloadRowProps & { readonly name: string }): ReactElement {
  const { id } = entry.model;
  const { state } = download;
  const full = state === 'paused' && (download.error?.code === 'storage-full' || download.error?.code === 'no-storage');
  const drop = (): void =>
    void Promise.all([
      hub.remove(id),
      engineHost.store.getState().status.state === 'idle' ? null : engineHost.engine().release(id),
    ]).then(
      () => say(`${name} was freed.`),
      (error: unknown) => say(`It could not be freed: ${toWireError(error).message}.`),
    );
  return (
    <div className={styles.actions}>
      {(state === 'kept' || state === 'unkept') && (
        <Button size="s" variant="primary" onClick={() => switchModel(id)}>
          Use it
        </Button>
      )}
      {state === 'downloading' && (
        <Button size="s" onClick={() => hub.pause(id)}>
          Pause
        </Button>
      )}
      {state === 'paused' && (
        <Button size="s" onClick={() => hub.resume(id)}>
          Go on
        </Button>
      )}
      {full && (
        <Button size="s" onClick={() => hub.doWithoutKeeping(id)}>
          Use it without keeping it
        </Button>
      )}
      <Button size="s" variant="quiet" onClick={drop} aria-label={`${state === 'kept' ? 'Free' : 'Remove'} ${name}`}>
        {state === 'kept' ? `Free ${megabytes(entry.bytes)}` : 'Remove'}
      </Button>
    </div>
  );
}

function sentence({ bytes }: HubEntry, download: DownloadState): string {
  switch (download.state) {
    case 'counting':
      return 'Counting what is kept of it.';
    case 'kept':
      return `On this device, ${megabytes(bytes)}; works without a network.`;
    case 'unkept':
      return `Not kept: ${megabytes(bytes)} are downloaded when it is loaded.`;
    case 'downloading': {
      const { done, speed } = download;
      const rest = speed !== null && speed > 0 ? `, ${megabytes(speed)}/s, ${duration((bytes - done) / speed)} left` : '';
      return `${amount(done)} of ${megabytes(bytes)}${rest}`;
    }
    case 'paused':
      return `Paused: ${amount(download.done)} of ${megabytes(bytes)} are kept.`;
  }
}

/** Of the Hub, the commit; else the host. */
const originOf = (id: string): string => {
  const commit = parseHubId(id)?.commit;
  return commit === undefined ? hostOf(id, hub.host) : `commit ${commit.slice(0, 8)}`;
};

const amount = (bytes: number): string => (bytes === 0 ? 'nothing' : megabytes(bytes));

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return seconds < 5_400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}
