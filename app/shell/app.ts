import { EngineClient } from '../../workers/client/engine-client.ts';
import { watchWorker, workerName } from '../../workers/client/watched-worker.ts';
import { browserAddress, connectAddress, type Address } from '../state/address.ts';
import { createCatalogue, type Catalogue } from '../state/catalogue.ts';
import { createEngineHost, type EngineHost } from '../state/engine.ts';
import { createExperiments, type Experiments } from '../state/experiment.ts';
import { asLocalModel, createLocalModels, type LocalModels } from '../state/local-models.ts';
import { browserStorage } from '../state/persistence.ts';
import { HubClient } from '../../workers/client/hub-client.ts';
import { asModel, createHub, mayRun, type Hub } from '../state/hub.ts';
import { createPreferences, type PreferencesStore } from '../state/preferences.ts';
import { policyOf, whyNotReach } from '../state/reach.ts';
import { createResults, type Results } from '../state/results.ts';
import { shareSideRuns } from '../state/side-run.ts';
import { shareCatalogue } from '../state/use-model.ts';
import { LABS } from './labs.ts';
import { shareEngine } from './shared-engine.ts';

/** Absolute URL of the site, ending in `/`. */
export const SITE: string = new URL(import.meta.env.BASE_URL, document.baseURI).href;
export const COMMIT: string = __COMMIT__;

/** JSON below the site; null where there is no such file (a host may answer with its start page instead of 404). */
export async function fetchJson(path: string): Promise<unknown> {
  const response = await fetch(new URL(path, SITE));
  if (response.status === 404 || response.headers.get('content-type')?.includes('html') === true) return null;
  if (!response.ok) throw new Error(`${path}: the server answered ${response.status}`);
  return response.json();
}

/** Text below the site; null where there is no such file. */
export async function fetchText(path: string): Promise<string | null> {
  const response = await fetch(new URL(path, SITE));
  if (!response.ok || response.headers.get('content-type')?.includes('html') === true) return null;
  return response.text();
}

/** Bytes below the site; null where there is no such file. */
export async function fetchBytesOf(path: string): Promise<Uint8Array | null> {
  const response = await fetch(new URL(path, SITE));
  if (!response.ok || response.headers.get('content-type')?.includes('html') === true) return null;
  return new Uint8Array(await response.arrayBuffer());
}

function createWorker(): Worker {
  const name = workerName();
  const worker = new Worker(new URL('../../workers/engine.worker.ts', import.meta.url), { type: 'module', name });
  return watchWorker(worker, name);
}

const createHubWorker = (): Worker =>
  new Worker(new URL('../../workers/hub.worker.ts', import.meta.url), { type: 'module', name: 'hub' });

const storage = browserStorage();
export const preferences: PreferencesStore = createPreferences(storage);
export const experiments: Experiments = createExperiments(LABS, storage);
export const catalogue: Catalogue = createCatalogue(fetchJson);
// Panels read the same catalogue.
shareCatalogue(catalogue);
/** Models of the Hub and of other addresses that the reader has confirmed. No host is asked before they look one up. */
const hubClient = new HubClient(createHubWorker);
export const hub: Hub = createHub({
  client: hubClient,
  storage,
  pageHost: location.host,
  refuses: (address) => (address === hub.host ? null : whyNotReach(address, policyOf(document), location.href)),
});
/** Files of this device as models, until the tab closes. */
export const localModels: LocalModels = createLocalModels({
  needs: (files) => hubClient.localNeeds(files),
  give: (id, files, quantization) => engineHost.engine().addFiles(id, files, quantization),
  take: (id) => engineHost.engine().removeFiles(id),
});
const listAdded = (): void =>
  catalogue.setAdded([...hub.store.getState().entries.map(asModel), ...localModels.store.getState().models.map(asLocalModel)]);
listAdded();
hub.store.subscribe(({ entries }, before) => entries !== before.entries && listAdded());
localModels.store.subscribe(listAdded);
export const engineHost: EngineHost = createEngineHost((backend) => {
  const client = new EngineClient({
    // Embeds of one page share an engine; a page of its own has its own.
    createWorker: window.parent === window ? createWorker : shareEngine({ key: `${COMMIT} ${backend}`, createWorker }),
    base: SITE,
    commit: COMMIT,
    backend,
  });
  client.allow(hub.access());
  hub.store.subscribe(({ entries, token }, before) => {
    if (entries !== before.entries || token !== before.token) client.allow(hub.access());
  });
  return client;
}, preferences.store.getState().backend);
export const results: Results = createResults({
  engine: () => engineHost.engine(),
  fetchJson: (path) => fetchJson(path).catch(() => null),
  frame: soon,
});
// Panels run other labs' experiments beside their own with the same engine.
shareSideRuns({
  results,
  definition: (lab) => experiments.definition(lab),
  mayRun: (model) => mayRun(hub.store.getState(), model),
});
export const address: Address = connectAddress(experiments, browserAddress());

/** With the next frame, or after a quarter of a second: a frame outside of the view, or in a tab behind others, is not painted, and what waits for a frame there would wait for ever. */
function soon(action: () => void): void {
  let done = false;
  const once = (): void => {
    if (done) return;
    done = true;
    action();
  };
  requestAnimationFrame(once);
  setTimeout(once, 250);
}
