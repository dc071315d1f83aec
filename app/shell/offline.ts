import { createStore, type StoreApi } from 'zustand/vanilla';
import { DATA_CACHE } from '../../core/files/kept.ts';
import type { ModelEntry } from '../state/catalogue.ts';
import { filesOfDashboards, filesOfModel, keepFiles, roomLeft } from '../state/kept.ts';
import { say } from '../state/notices.ts';
import { whenIdle } from '../ui/idle.ts';
import { address, catalogue, engineHost, experiments, fetchBytesOf, preferences, SITE } from './app.ts';

export type OfflineState =
  /** The browser has no service workers here, or the page is in a frame. */
  | 'unsupported'
  /** On its way, or not yet begun. */
  | 'preparing'
  /** The app opens without a network. */
  | 'ready'
  | 'failed'
  /** The reader has freed the app; the next visit keeps it again. */
  | 'freed';

/** Whether this page would open without a network. */
export const offlineStore: StoreApi<{ readonly state: OfflineState }> = createStore(() => ({ state: 'preparing' }));

const HOUR = 3_600_000;

/** Milliseconds after which the engine has begun, where it begins by itself; and for which it then has the network to itself. */
const BEGUN = 1_500;
const ENGINE_FIRST = 8_000;

/** Calls back once the page stands and the engine has read its model: keeping the app for later would only be in the way of both. */
function afterEngine(action: () => void): void {
  const { store } = engineHost;
  const reads = (): boolean => {
    const { status, memory } = store.getState();
    return status.state === 'starting' || (status.state === 'ready' && (memory?.models.length ?? 0) === 0);
  };
  const look = (): void => {
    if (!reads()) return action();
    const go = (): void => {
      clearTimeout(late);
      end();
      action();
    };
    const late = setTimeout(go, ENGINE_FIRST);
    const end = store.subscribe(() => reads() || go());
  };
  setTimeout(() => whenIdle(look), BEGUN);
}

/**
 * Registers the service worker once the page stands, watches for new versions, and fills the cache with what this first visit
 * read before it was there. Never throws: a page without it only needs the network. An embed registers nothing.
 */
export function workOffline(): void {
  const workers = (navigator as { readonly serviceWorker?: ServiceWorkerContainer }).serviceWorker;
  if (!import.meta.env.PROD || !workers || window.parent !== window) {
    offlineStore.setState({ state: 'unsupported' });
    return;
  }
  const begin = (): void =>
    void register(workers).then(
      (state) => offlineStore.setState({ state }),
      () => offlineStore.setState({ state: 'failed' }),
    );
  const stands = (): void => afterEngine(begin);
  if (document.readyState === 'complete') stands();
  else window.addEventListener('load', stands, { once: true });
}

async function register(workers: ServiceWorkerContainer): Promise<OfflineState> {
  const updated = workers.controller !== null;
  const found = await workers.register(new URL('sw.js', SITE), { scope: new URL('./', SITE).pathname });
  // Test runners replace `register` by nothing.
  const registration = found as ServiceWorkerRegistration | undefined;
  if (!registration) return 'unsupported';
  watch(registration, workers, updated);
  await workers.ready;
  await keepWhatWasRead();
  keepModelOnceLive();
  return 'ready';
}

/** Gives up what is kept of the app itself: this tab goes on, and the next visit keeps it again. */
export async function freeApp(): Promise<void> {
  const workers = (navigator as { readonly serviceWorker?: ServiceWorkerContainer }).serviceWorker;
  await (await workers?.getRegistration(SITE))?.unregister();
  await (await import('../state/storage.ts')).freeKept('app', SITE, null);
  offlineStore.setState({ state: 'freed' });
}

/** Tells the reader when a new version waits. It is taken only when they say so, and what they typed is written down before. */
function watch(registration: ServiceWorkerRegistration, workers: ServiceWorkerContainer, controlled: boolean): void {
  let asked = false;
  const offer = (worker: ServiceWorker): void =>
    say('A new version of Vitrine is here. What you typed is kept.', {
      label: 'Reload',
      run: () =>
        whenKept(() => {
          asked = true;
          worker.postMessage({ type: 'SKIP_WAITING' });
        }),
    });
  const follow = (worker: ServiceWorker | null): void =>
    worker?.addEventListener('statechange', () => {
      if (worker.state === 'installed' && registration.waiting && workers.controller) offer(registration.waiting);
    });
  if (registration.waiting && controlled) offer(registration.waiting);
  follow(registration.installing);
  registration.addEventListener('updatefound', () => follow(registration.installing));
  // A first visit gets its worker, too; only a change from one to another is news.
  let before = workers.controller;
  workers.addEventListener('controllerchange', () => {
    const news = before !== null;
    before = workers.controller;
    if (asked) location.reload();
    else if (news)
      say('Vitrine was brought up to date in another tab.', {
        label: 'Reload',
        run: () => whenKept(() => location.reload()),
      });
  });
  const look = (): void => void registration.update().catch(() => undefined);
  setInterval(look, HOUR);
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && look());
}

/** Writes every experiment to this browser's storage, as it stands. @returns whether all of them are there */
function keepDrafts(): boolean {
  address.flush();
  const saved = Object.keys(experiments.store.getState().drafts).map((lab) => experiments.save(lab));
  return saved.every(Boolean);
}

/** Reloads when what was typed is written down; where it cannot be, the reader decides. */
function whenKept(reload: () => void): void {
  if (keepDrafts()) return reload();
  say('This browser does not store what you typed: copy it first if you need it. A reload keeps only what is in the address.', {
    label: 'Reload all the same',
    run: reload,
  });
}

/** What this visit read before the service worker was there is put where it looks. */
async function keepWhatWasRead(): Promise<void> {
  const read = performance.getEntriesByType('resource').map(({ name }) => name);
  const data = [...new Set(read)].filter(
    (url) => url.startsWith(SITE) && /\/(models|saes|examples|dashboards)\/(?!.*\.(safetensors|gguf)$).*\.\w+$/.test(url),
  );
  try {
    const cache = await caches.open(DATA_CACHE);
    for (const url of data) if (!(await cache.match(url))) await cache.add(url);
  } catch {
    // Full, forbidden, or the network went away: the next visit tries again.
  }
}

/** Bytes that the browser must have left to give before dashboards are kept that nobody opened: several times what they weigh. */
const ROOM = 100_000_000;

/**
 * Once a model runs here, all of it is kept, dictionaries included, and then its dashboards while the page has nothing to do: some
 * twenty megabytes in all, of which the next prompt or the next feature may need any.
 */
function keepModelOnceLive(): void {
  const { saveData } = (navigator as { connection?: { saveData?: boolean } }).connection ?? {};
  if (saveData === true || !preferences.store.getState().autoStart) return;
  const keep = (): boolean => {
    const live = engineHost.store.getState().memory?.models ?? [];
    const models = (catalogue.store.getState().models ?? []).filter(({ id }) => live.some((model) => model.id === id));
    if (models.length === 0) return false;
    // The engine puts away what it loads itself; what it has by then is not downloaded a second time. What fails is tried again
    // with the next visit.
    setTimeout(() => void keepAll(models).catch(() => undefined), 3_000);
    return true;
  };
  if (keep()) return;
  const end = engineHost.store.subscribe(() => keep() && end());
}

async function keepAll(models: readonly ModelEntry[]): Promise<void> {
  const site = SITE;
  await keepFiles([{ path: 'models/catalogue.json', bytes: null, sha256: null }, ...models.flatMap(filesOfModel)], { site });
  const pause = (): Promise<void> => new Promise((resolve) => void whenIdle(resolve));
  for (const { id, source } of models) {
    if (source !== undefined || (await roomLeft()) < ROOM) continue;
    await keepFiles(await filesOfDashboards(id, fetchBytesOf), { site, pause });
  }
}
