import * as v from 'valibot';
import { createStore, type StoreApi } from 'zustand/vanilla';
import { addressName, parseAddressId } from '../../core/files/address.ts';
import {
  heldAs,
  HUB_HOST,
  isHubHost,
  parseHubId,
  type HubAccess,
  type HubFound,
  type HubModel,
  type HubNeeds,
  type HubOffer,
} from '../../core/files/hub.ts';
import { hubModelSchema } from '../../core/files/hub-schema.ts';
import { isRemoteId } from '../../core/files/remote.ts';
import type { ModelTarget } from '../../core/files/target.ts';
import { QUANTIZATIONS, type Quantization } from '../../core/model-config.ts';
import { Cancelled, toWireError, type VitrineError, type WireError } from '../../core/protocol/errors.ts';
import type { HubClient } from '../../workers/client/hub-client.ts';
import type { ModelEntry } from './catalogue.ts';
import { memoryIn, weightsOf } from './fit.ts';
import { keepLocally, readLocal, writeLocal, type LocalStore, type Persistence } from './persistence.ts';

/** A model of the Hub, or of another address, that the reader has confirmed. */
export interface HubEntry {
  readonly model: HubModel;
  /** Of all files together. */
  readonly bytes: number;
  readonly needs: HubNeeds;
  readonly license: string | null;
  readonly gated: boolean;
}

export type DownloadState =
  /** Not known yet: what is kept is being counted. */
  | { readonly state: 'counting' }
  /** `speed`: bytes per second over the last seconds; null until it is known. */
  | { readonly state: 'downloading'; readonly done: number; readonly speed: number | null }
  /** `error`: why it stopped by itself. */
  | { readonly state: 'paused'; readonly done: number; readonly error: WireError | null }
  /** All of it is kept on this device. */
  | { readonly state: 'kept' }
  /** The reader uses it without its being kept. */
  | { readonly state: 'unkept' };

export interface HubState {
  readonly entries: readonly HubEntry[];
  /** Ids of those that are used without being kept. */
  readonly unkept: readonly string[];
  /** By id. */
  readonly downloads: Readonly<Record<string, DownloadState>>;
  /** The reader's own, for gated repositories. In memory only, unless `keepToken`. */
  readonly token: string | null;
  readonly keepToken: boolean;
}

export const HUB_PERSISTENCE: Persistence<HubState> = {
  entries: { url: false, local: true, export: false },
  unkept: { url: false, local: true, export: false },
  downloads: { url: false, local: false, export: false },
  // Kept under a key of its own, and only where the reader says so.
  token: { url: false, local: false, export: false },
  keepToken: { url: false, local: false, export: false },
};

const KEY = 'vitrine:hub';
const TOKEN_KEY = 'vitrine:hub-token';
/** Another Hub, for tests: taken only where both it and this page are on this very machine. */
const HOST_KEY = 'vitrine:hub-host';
/** Milliseconds over which speed is measured, and between two looks at it. */
const WINDOW = 4_000;
const STEP = 250;

export interface Hub {
  readonly store: StoreApi<HubState>;
  /** The Hub's address, without `/` at its end. */
  readonly host: string;
  /** Pins a repository and lists what could be opened, without reading a file; of another address, samples of its files are read. */
  look(target: ModelTarget, signal?: AbortSignal): Promise<HubFound>;
  needs(offer: HubOffer, signal?: AbortSignal): Promise<HubNeeds>;
  /** The reader has confirmed: the download begins; or, without its being kept, it is downloaded when it is loaded. */
  add(entry: HubEntry, options?: { readonly keep?: boolean }): void;
  pause(id: string): void;
  resume(id: string): void;
  /** Uses it without its being kept: it is downloaded anew with each visit. */
  doWithoutKeeping(id: string): void;
  /** Forgets a model and frees what is kept of it. */
  remove(id: string): Promise<void>;
  setToken(token: string | null, keep: boolean): void;
  /** Counts what is kept of each model, once. */
  open(): Promise<void>;
  /** What the engine may open. */
  access(): HubAccess;
  /** Every model that the reader has confirmed, in other tabs as well. */
  listed(): readonly HubModel[];
}

export interface HubOptions {
  readonly client: HubClient;
  readonly storage: LocalStore | null;
  /** Of the page: decides whether another Hub may be named. */
  readonly pageHost: string;
  /** Why this page may not ask what is at an address; null where it may. */
  readonly refuses?: (address: string) => VitrineError | null;
  readonly now?: () => number;
}

/** Models of the Hub: what was confirmed, how far each is, and the reader's token. */
export function createHub({ client, storage, pageHost, refuses = () => null, now = () => performance.now() }: HubOptions): Hub {
  const token = readLocal(storage, TOKEN_KEY);
  const store = createStore<HubState>(() => ({
    entries: [],
    unkept: [],
    downloads: {},
    token: typeof token === 'string' ? token : null,
    keepToken: typeof token === 'string',
  }));
  keepLocally(store, { key: KEY, policies: HUB_PERSISTENCE, storage, read });
  const host = hostOf(readLocal(storage, HOST_KEY), pageHost);
  const running = new Map<string, AbortController>();
  const way = (): { host: string; token: string | null } => ({ host, token: store.getState().token });
  const entryOf = (id: string): HubEntry | undefined => store.getState().entries.find(({ model }) => model.id === id);
  const put = (id: string, download: DownloadState): void => {
    if (entryOf(id)) store.setState(({ downloads }) => ({ downloads: { ...downloads, [id]: download } }));
  };
  const doneOf = (id: string): number => {
    const known = store.getState().downloads[id];
    return known && 'done' in known ? known.done : 0;
  };

  const download = async (entry: HubEntry): Promise<void> => {
    const { id } = entry.model;
    if (running.has(id)) return;
    const controller = new AbortController();
    running.set(id, controller);
    put(id, { state: 'downloading', done: doneOf(id), speed: null });
    const refusal = refuses(parseAddressId(id)?.address ?? host);
    const pace = createPace(now, doneOf(id));
    let shown = -Infinity;
    try {
      if (refusal) throw refusal;
      await client.download(entry.model, way(), {
        signal: controller.signal,
        onProgress(done) {
          if (controller.signal.aborted) return;
          const speed = pace(done);
          if (now() - shown < STEP && done < entry.bytes) return;
          shown = now();
          put(id, { state: 'downloading', done, speed });
        },
      });
      put(id, { state: 'kept' });
    } catch (error) {
      const [kept = 0] = await client.kept([entry.model]).catch(() => [doneOf(id)]);
      put(id, { state: 'paused', done: kept, error: error instanceof Cancelled ? null : toWireError(error) });
    } finally {
      running.delete(id);
    }
  };

  const doWithoutKeeping = (id: string): void => {
    running.get(id)?.abort();
    store.setState(({ unkept }) => ({ unkept: [...unkept.filter((known) => known !== id), id] }));
    put(id, { state: 'unkept' });
  };

  let opening: Promise<void> | null = null;
  const open = async (): Promise<void> => {
    const { entries, unkept } = store.getState();
    const models = entries.map(({ model }) => model);
    for (const { id } of models) put(id, { state: 'counting' });
    const kept = await client.kept(models).catch(() => models.map(() => 0));
    entries.forEach(({ model: { id }, bytes }, i) => {
      if (store.getState().downloads[id]?.state !== 'counting') return;
      const done = kept[i] ?? 0;
      if (done >= bytes) put(id, { state: 'kept' });
      else put(id, unkept.includes(id) ? { state: 'unkept' } : { state: 'paused', done, error: null });
    });
  };

  return {
    store,
    host,
    async look(target, signal) {
      const refusal = target.kind === 'address' ? refuses(target.address) : null;
      if (refusal) throw refusal;
      return client.look(target, way(), signal);
    },
    needs: ({ model }, signal) => client.needs(model, way(), signal),
    add(entry, { keep = true } = {}) {
      const { id } = entry.model;
      // Confirmed anew, it may be loaded in another way than before.
      store.setState(({ entries }) => ({
        entries: entryOf(id) ? entries.map((known) => (known.model.id === id ? entry : known)) : [...entries, entry],
      }));
      const known = store.getState().downloads[id];
      if (known?.state === 'kept') return;
      if (keep) void download(entry);
      else doWithoutKeeping(id);
    },
    pause: (id) => running.get(id)?.abort(),
    resume(id) {
      const entry = entryOf(id);
      if (entry) void download(entry);
    },
    doWithoutKeeping,
    async remove(id) {
      const entry = entryOf(id);
      if (!entry) return;
      running.get(id)?.abort();
      store.setState(({ entries, unkept, downloads }) => ({
        entries: entries.filter(({ model }) => model.id !== id),
        unkept: unkept.filter((known) => known !== id),
        downloads: Object.fromEntries(Object.entries(downloads).filter(([key]) => key !== id)),
      }));
      await client.free(
        entry.model,
        store.getState().entries.map(({ model }) => model),
      );
    },
    setToken(value, keep) {
      store.setState({ token: value, keepToken: keep && value !== null });
      writeLocal(storage, TOKEN_KEY, keep ? value : null);
    },
    open: () => (opening ??= open()),
    listed() {
      const stored = readLocal(storage, KEY) ?? {};
      const { entries = [] } = read(stored as Readonly<Record<string, unknown>>);
      return [...store.getState().entries, ...entries].map(({ model }) => model);
    },
    access: () => ({ ...way(), models: store.getState().entries.map(({ model }) => model) }),
  };
}

/** Whether an experiment on this model may start now: what is not confirmed, or not here yet, waits for the reader. */
export function mayRun(state: HubState, model: string): boolean {
  if (!isRemoteId(model)) return true;
  const download = state.downloads[model];
  return download?.state === 'kept' || download?.state === 'unkept';
}

/** How the weights of a model are held here, where the reader had a choice; null for all other models. */
export function heldHere({ entries }: HubState, model: string): Quantization | null {
  const entry = entries.find((known) => known.model.id === model);
  return entry && entry.needs.held.length > 1 ? heldAs(entry.needs, entry.model.quantization).quantization : null;
}

/** How far each download is, as a text that changes when one comes or goes, and not with each of its bytes. */
export const stepsOf = ({ downloads }: HubState): string =>
  Object.values(downloads)
    .map(({ state }) => state)
    .join();

/** As the catalogue lists it beside the site's own models. */
export function asModel({ model, needs, license }: HubEntry): ModelEntry {
  const files = [...model.others, ...model.weights];
  return {
    id: model.id,
    name: modelName(model.id),
    family: needs.family,
    license: license ?? '',
    config: needs.config,
    files: files.map(({ path, bytes, sha256 }) => ({
      path,
      bytes,
      sha256: sha256 ?? '',
      role: model.weights.some((file) => file.path === path) ? 'weights' : 'text',
    })),
    quantization: { kind: weightsOf(needs, model.quantization) },
    ...memoryIn(needs, model.quantization),
    parameters: needs.parameters,
    saes: [],
    folder: '',
    source: 'hub',
  };
}

/** A model's id as a reader knows it: the repository without its commit, and the file where there are several; of an address, its file. */
export function modelName(id: string): string {
  const other = parseAddressId(id);
  if (other) return addressName(other.address);
  const reference = parseHubId(id);
  if (!reference) return id.replace(/^local:/, '');
  const { repo, file } = reference;
  return file === null ? repo : `${repo} · ${file.slice(file.lastIndexOf('/') + 1)}`;
}

function hostOf(stored: unknown, pageHost: string): string {
  const local = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/.test(pageHost);
  return local && typeof stored === 'string' && isHubHost(stored) ? stored : HUB_HOST;
}

/** Bytes per second over the last few seconds. What was kept before (`kept`) comes at once, and is no speed. */
function createPace(now: () => number, kept: number): (done: number) => number | null {
  const marks: { readonly at: number; readonly done: number }[] = [];
  return (done) => {
    if (done <= kept) return null;
    const at = now();
    marks.push({ at, done });
    while (marks.length > 2 && at - (marks[0]?.at ?? at) > WINDOW) marks.shift();
    const [first] = marks;
    const seconds = first ? (at - first.at) / 1_000 : 0;
    return first && seconds >= 0.5 ? (done - first.done) / seconds : null;
  };
}

const text = v.pipe(v.string(), v.maxLength(400));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const quantization = v.picklist(QUANTIZATIONS);
const entry: v.GenericSchema<unknown, HubEntry> = v.object({
  model: hubModelSchema,
  bytes: count,
  needs: v.object({
    family: text,
    parameters: count,
    weights: text,
    context: count,
    held: v.pipe(
      v.array(v.object({ quantization, bytes: v.object({ webgpu: count, wasm: count, cpu: count }) })),
      v.minLength(1),
    ),
    config: v.record(v.string(), v.unknown()),
  }),
  license: v.nullable(text),
  gated: v.boolean(),
});

function read(stored: Readonly<Record<string, unknown>>): Partial<HubState> {
  const entries = Array.isArray(stored['entries']) ? stored['entries'] : [];
  const unkept = Array.isArray(stored['unkept']) ? stored['unkept'] : [];
  return {
    entries: entries.flatMap((one) => {
      const parsed = v.safeParse(entry, one);
      return parsed.success ? [parsed.output] : [];
    }),
    unkept: unkept.filter((id): id is string => typeof id === 'string'),
  };
}
