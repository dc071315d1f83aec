import { hashSpec } from '../../core/spec/index.ts';
import type { BackendName } from '../../core/model-config.ts';
import type { SpecHash } from '../../core/protocol/messages.ts';
import { isEmbed, labOf, parsePlace } from '../state/address.ts';
import { isEmbedded } from '../state/embed-parts.tsx';
import { mayRun } from '../state/hub.ts';
import type { ResultEntry } from '../state/results.ts';
import { whenIdle } from '../ui/idle.ts';
import { address, engineHost, experiments, hub, preferences, results } from './app.ts';
import { loadExamples, loadRecorded } from './labs.ts';

/** Milliseconds: a lab whose quickest run took longer runs only when asked, not with each change. */
const QUICK = 1_500;

/** Runs what stands before the reader, as a step of the browser's history. */
export function runNow(lab: string): void {
  const draft = experiments.store.getState().drafts[lab];
  if (!draft || draft.problem || waits(draft.spec.model)) return;
  address.commit();
  const prompt = draft.spec.prompts[0];
  if (prompt && 'text' in prompt) preferences.remember(prompt.text);
  void results.run({ lab, spec: draft.spec, hash: draft.hash, mode: 'asked' });
}

/** The model is not here, and the page says above the picture what it would take. */
const waits = (model: string): boolean => !mayRun(hub.store.getState(), model);

/**
 * Keeps the picture in step with the experiment: a recorded result where one ships with the site, then a live one. The engine
 * starts by itself once the page is idle, unless the reader or the browser asks to save data; an embed waits for its button.
 */
export function keepInStep(): void {
  let last: SpecHash | null = null;
  const step = (): void => {
    const { lab, drafts } = experiments.store.getState();
    const draft = lab === null ? undefined : drafts[lab];
    if (lab === null || !draft || draft.problem || draft.hash === last) return;
    last = draft.hash;
    void present(lab, draft.hash);
  };
  experiments.store.subscribe(step);
  step();
  // A model that has arrived answers what waited for it.
  hub.store.subscribe((now, before) => {
    const { lab, drafts } = experiments.store.getState();
    const draft = lab === null ? undefined : drafts[lab];
    if (lab !== null && draft && !mayRun(before, draft.spec.model) && mayRun(now, draft.spec.model)) follow(lab, draft.hash);
  });
  engineHost.store.subscribe(({ status }, { status: before }) => {
    if (status.state === 'ready' && before.state !== 'ready') onOtherBackend(status.info.backend);
  });
}

/** The engine has started, perhaps on another backend than the numbers on screen are of: they are computed anew. */
function onOtherBackend(backend: BackendName): void {
  const { lab, drafts } = experiments.store.getState();
  const draft = lab === null ? undefined : drafts[lab];
  if (lab === null || !draft || draft.problem || labOf(parsePlace(location.hash)) !== lab || waits(draft.spec.model)) return;
  const { entries, panels } = results.store.getState();
  const entry = entries[draft.hash];
  if ((panels[lab]?.active ?? 0) > 0 || (entry?.source === 'live' && entry.provenance.backend === backend)) return;
  void results.run({ lab, spec: draft.spec, hash: draft.hash, mode: 'follow', streams: streamsOf(lab) });
}

async function present(lab: string, hash: SpecHash): Promise<void> {
  const idle = engineHost.store.getState().status.state === 'idle';
  const shown = (await isRecorded(lab, hash)) && (await results.showRecorded(lab, hash));
  // An engine that runs is quicker than the page's own reading of files.
  if (!shown && engineHost.store.getState().status.state !== 'ready') void presentFiles(lab, hash);
  if (idle) whenIdle(() => follow(lab, hash));
  else follow(lab, hash);
}

/** What stored files tell, until the engine answers; in an embed until its button is pressed. */
async function presentFiles(lab: string, hash: SpecHash): Promise<void> {
  const reader = loadRecorded(lab);
  const draft = experiments.store.getState().drafts[lab];
  if (!reader || !draft || draft.problem || draft.hash !== hash) return;
  const read = async (): Promise<ResultEntry | null> => {
    const { answerFromFiles } = await import('./recorded.ts');
    const entry = await answerFromFiles(draft.spec, hash);
    return experiments.store.getState().drafts[lab]?.hash === hash ? entry : null;
  };
  await results.showStored(
    lab,
    hash,
    read().catch(() => null),
  );
}

function follow(lab: string, hash: SpecHash): void {
  const { lab: current, drafts } = experiments.store.getState();
  const draft = drafts[lab];
  if (current !== lab || draft?.hash !== hash || draft.problem || waits(draft.spec.model)) return;
  if (results.store.getState().entries[hash]?.source === 'live') return;
  const streams = streamsOf(lab);
  if (!streams && !isQuick(lab)) return;
  const { state } = engineHost.store.getState().status;
  if (state === 'failed' || (state === 'idle' && !mayStart())) return;
  void results.run({ lab, spec: draft.spec, hash, mode: 'follow', streams });
}

const streamsOf = (lab: string): boolean => experiments.definition(lab)?.streams === true;

/** The first run of a session compiles and warms up, so it alone does not make a lab slow. */
function isQuick(lab: string): boolean {
  const times = Object.values(results.store.getState().entries)
    .filter(({ source, provenance }) => source === 'live' && provenance.lab === lab)
    .map(({ provenance }) => provenance.milliseconds);
  return times.length < 2 || Math.min(...times) <= QUICK;
}

/** In a page of somebody else's nothing starts by itself, whatever part of the site stands there. */
function mayStart(): boolean {
  const { saveData } = (navigator as { connection?: { saveData?: boolean } }).connection ?? {};
  const embedded = isEmbedded() || isEmbed(parsePlace(location.hash));
  return preferences.store.getState().autoStart && saveData !== true && !embedded;
}

/** Whether this experiment is one of the lab's named ones, whose results ship with the site. */
async function isRecorded(lab: string, hash: SpecHash): Promise<boolean> {
  const definition = experiments.definition(lab);
  if (!definition) return false;
  if (hash === hashSpec(definition.defaults, definition)) return true;
  const examples = await loadExamples(lab).catch(() => []);
  return examples.some((example) => example.hash === hash);
}
