import { useEffect, useState, type ReactElement } from 'react';
import { useStore } from 'zustand';
import { toWireError, type WireError } from '../../core/protocol/errors.ts';
import { catalogue, fetchBytesOf, hub, SITE } from '../shell/app.ts';
import { megabytes } from '../shell/format.ts';
import { freeApp, offlineStore, type OfflineState } from '../shell/offline.ts';
import type { ModelEntry } from '../state/catalogue.ts';
import { stepsOf } from '../state/hub.ts';
import { filesOfDashboards, filesOfModel, keepFiles, missingOf, type KeepableFile } from '../state/kept.ts';
import { browserStorage } from '../state/persistence.ts';
import { freeKept, usage, type KeptKind, type Usage } from '../state/storage.ts';
import { Button } from '../ui/Button.tsx';
import { Skeleton } from '../ui/Disclosure.tsx';
import { ErrorNotice, Notice } from '../ui/Notice.tsx';
import styles from './LabPage.module.css';
import { StorageTable } from './StorageTable.tsx';

interface Known {
  readonly usage: Usage;
  readonly files: readonly KeepableFile[];
  readonly kept: number;
  /** Listed bytes of what is not kept. */
  readonly bytes: number;
}

const WORDS: Readonly<Record<OfflineState, string>> = {
  unsupported: 'This browser, or this window, does not keep the app; it needs the network to open.',
  preparing: 'The app is being kept for use without a network.',
  ready: 'The app opens without a network.',
  failed: 'The app could not be kept; it needs the network to open.',
  freed: 'The app is no longer kept and needs the network to open; the next visit keeps it again.',
};

/** What this browser keeps of the site: how much, all of it on request, and how to free it. */
export function Storage(): ReactElement {
  const state = useStore(offlineStore, (offline) => offline.state);
  const models = useStore(catalogue.store, (loaded) => loaded.models);
  const [known, setKnown] = useState<Known | null>(null);
  const [progress, setProgress] = useState<{ readonly done: number; readonly total: number } | null>(null);
  const [error, setError] = useState<WireError | null>(null);
  useEffect(() => {
    let gone = false;
    const count = (): void =>
      void look(models).then(
        (found) => !gone && setKnown(found),
        (reason: unknown) => !gone && setError(toWireError(reason)),
      );
    count();
    const ends = [
      // Not with each of its bytes: with each model that has come or gone.
      hub.store.subscribe((now, before) => stepsOf(now) !== stepsOf(before) && count()),
      offlineStore.subscribe(count),
    ];
    return () => {
      gone = true;
      for (const end of ends) end();
    };
  }, [models]);
  const again = (): Promise<void> => look(models).then(setKnown, () => undefined);

  const keep = async (files: readonly KeepableFile[]): Promise<void> => {
    setError(null);
    setProgress({ done: 0, total: files.length });
    try {
      // Asked for by the reader, so the browser may be asked not to drop it when room is short.
      await navigator.storage.persist().catch(() => false);
      await keepFiles(files, { site: SITE, onProgress: (done, total) => setProgress({ done, total }) });
    } catch (reason) {
      setError(toWireError(reason));
    } finally {
      setProgress(null);
      await again();
    }
  };
  const free = (kind: KeptKind): void => void freeKind(kind).then(again, (reason: unknown) => setError(toWireError(reason)));

  return (
    <section aria-labelledby="storage" className={styles.storage} data-volatile="">
      <h2 id="storage">Kept in this browser</h2>
      <p>{WORDS[state]}</p>
      {!('caches' in globalThis) ? null : known === null ? (
        <Skeleton height="90px" label="Counting what is kept" />
      ) : (
        <>
          <StorageTable usage={known.usage} busy={progress !== null} onFree={free} />
          <NearlyFull usage={known.usage} />
          <div className={styles.storageActions}>
            {known.kept < known.files.length ? (
              <Button disabled={progress !== null} onClick={() => void keep(known.files)}>
                Keep everything for use offline{known.bytes > 0 ? ` (${megabytes(known.bytes)})` : ''}
              </Button>
            ) : (
              <p>Every model, dictionary and dashboard of this site is kept.</p>
            )}
          </div>
          <output className={styles.note}>
            {progress === null
              ? `${known.kept} of ${known.files.length} files of this site are kept.`
              : `Keeping file ${progress.done} of ${progress.total}.`}
          </output>
        </>
      )}
      {error && <ErrorNotice error={error} onRetry={() => known && void keep(known.files)} onDismiss={() => setError(null)} />}
    </section>
  );
}

async function freeKind(kind: KeptKind): Promise<void> {
  if (kind === 'app') return freeApp();
  // Those that are listed above go with what is kept of them.
  if (kind === 'hub') for (const { model } of hub.store.getState().entries) await hub.remove(model.id);
  await freeKept(kind, SITE, browserStorage(), hub.listed());
  if (kind === 'typed') location.reload();
}

const listed = new WeakMap<readonly ModelEntry[], Promise<readonly KeepableFile[]>>();

/** Read once: the lists themselves are kept as they are read, also right after they were freed. */
function filesOf(all: readonly ModelEntry[]): Promise<readonly KeepableFile[]> {
  const known = listed.get(all);
  if (known) return known;
  const read = async (): Promise<readonly KeepableFile[]> => {
    // What came from elsewhere is kept, and freed, model by model.
    const models = all.filter(({ source }) => source === undefined);
    const dashboards = await Promise.all(models.map(({ id }) => filesOfDashboards(id, fetchBytesOf).catch(() => [])));
    return [...models.flatMap(filesOfModel), ...dashboards.flat()];
  };
  const reading = read();
  listed.set(all, reading);
  return reading;
}

async function look(all: readonly ModelEntry[] | null): Promise<Known | null> {
  if (!all || !('caches' in globalThis)) return null;
  const files = await filesOf(all);
  return { usage: await usage(SITE, browserStorage(), hub.listed()), files, ...(await missingOf(files, SITE)) };
}

/** Share of the room from which on it is said that little is left. */
const NEARLY_ALL = 0.9;

function NearlyFull({ usage: { total, quota } }: { readonly usage: Usage }): ReactElement | null {
  if (total === null || quota === null || quota === 0 || total < quota * NEARLY_ALL) return null;
  return (
    <Notice tone="warn" title="This browser has little room left for this site">
      <p>
        {size(Math.max(0, quota - total))} of {size(quota)} are left. Free what you do not need now: it is downloaded again when
        it is. A model for which there is no room can be used without being kept.
      </p>
    </Notice>
  );
}

/** `0` is nothing, not a kilobyte. */
const size = (bytes: number): string => (bytes === 0 ? 'nothing' : megabytes(bytes));
