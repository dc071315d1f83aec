import { EngineHub, workerAtPort } from '../../workers/client/engine-hub.ts';
import type { WorkerLike } from '../../workers/client/engine-client.ts';

/** Milliseconds in which a frame that says that it has an engine answers, however busy; else the asking one makes its own. */
const PATIENCE = 15_000;
/** On the window of a frame that has an engine: its key. Frames of one origin see it, and no others do. */
const OWNER = 'vitrineEngine';
const ASK = 'vitrine:engine?';
const LOCK = 'vitrine-shared-engine';
/** Milliseconds between two looks at whether the frame that has the engine is there still. */
const LOOK = 250;

export interface SharedEngineOptions {
  /** Only frames with the same key share: it names version and backend. */
  readonly key: string;
  readonly createWorker: () => WorkerLike;
}

/**
 * Lets the embeds of one page share one engine: a frame that needs it asks those frames of this origin that have one, and only
 * these, for a line to it; the first to find none makes it and then serves the others. It goes through message ports, not through
 * a SharedWorker, in which WASM threads cannot be started and which browsers without one would miss; and it does not depend
 * on storage, so it works where that is partitioned or forbidden. When the serving frame goes, the next to notice makes a new one.
 */
export function shareEngine({ key, createWorker }: SharedEngineOptions): () => WorkerLike {
  let hub: EngineHub | null = null;
  window.addEventListener('message', ({ origin, data, ports: [port] }: MessageEvent<unknown>) => {
    if (origin !== location.origin || !port || !isAsk(data) || data.key !== key || !hub || hub.ended) return;
    port.postMessage('here');
    hub.serve(port);
  });
  const own = (): WorkerLike => {
    hub = new EngineHub(createWorker(), () => {
      hub = null;
      Reflect.deleteProperty(window, OWNER);
    });
    Reflect.set(window, OWNER, key);
    return hub.line();
  };
  const find = async (): Promise<WorkerLike> => (hub && !hub.ended ? hub.line() : ((await ask(key)) ?? own()));
  // One frame at a time decides, so that two that are asked to run at once do not both make an engine.
  const decide = (): Promise<WorkerLike> => {
    const lock = locks();
    return lock ? lock.request(LOCK, find).catch(find) : find();
  };
  return () => later(decide());
}

/** Asks the other frames of this origin on this page that have an engine. Null where none has. */
async function ask(key: string): Promise<WorkerLike | null> {
  const owners = [...framesOf(window.top)].filter((frame) => Reflect.get(frame, OWNER) === key);
  const channels = owners.map((owner) => {
    const { port1: port, port2 } = new MessageChannel();
    owner.postMessage({ type: ASK, key }, location.origin, [port2]);
    return { owner, port };
  });
  if (channels.length === 0) return null;
  const found = await new Promise<(typeof channels)[number] | null>((resolve) => {
    for (const channel of channels) channel.port.addEventListener('message', () => resolve(channel), { once: true });
    for (const { port } of channels) port.start();
    setTimeout(() => resolve(null), PATIENCE);
  });
  for (const { port } of channels) if (port !== found?.port) port.close();
  return found && watched(found.port, () => isOwn(found.owner) && Reflect.get(found.owner, OWNER) === key);
}

/**
 * The worker at a port, which faults when the frame that serves it is gone. Neither the `close` event of ports nor the Web
 * Locks API tells of that in frames of another site than the page, so it is looked for.
 */
function watched(port: MessagePort, isThere: () => boolean): WorkerLike {
  const worker = workerAtPort(port);
  const look = setInterval(() => isThere() || worker.fault('the frame that ran it is gone'), LOOK);
  worker.addEventListener('error', () => clearInterval(look));
  return {
    ...worker,
    terminate() {
      clearInterval(look);
      worker.terminate();
    },
  };
}

/** Every other frame on this page that is of this origin. Which frames there are, and nothing else, may be asked of others. */
function* framesOf(root: Window | null): Generator<Window> {
  if (!root) return;
  if (root !== window && isOwn(root)) yield root;
  for (let i = 0; i < Math.min(root.length, 64); i++) yield* framesOf(root[i] ?? null);
}

function isOwn(frame: Window): boolean {
  try {
    return !frame.closed && frame.location.origin === location.origin;
  } catch {
    return false;
  }
}

const isAsk = (data: unknown): data is { readonly type: string; readonly key: string } =>
  typeof data === 'object' && data !== null && 'type' in data && data.type === ASK && 'key' in data;

/** A worker that is not known yet: what is posted waits for it. */
function later(found: Promise<WorkerLike>): WorkerLike {
  const posted: Parameters<WorkerLike['postMessage']>[0][] = [];
  const listeners: Parameters<WorkerLike['addEventListener']>[] = [];
  let worker: WorkerLike | null = null;
  let over = false;
  void found.then(
    (one) => {
      if (over) return one.terminate();
      worker = one;
      for (const listener of listeners) one.addEventListener(...listener);
      for (const message of posted) one.postMessage(message);
    },
    (error: unknown) => {
      for (const [type, listener] of listeners)
        if (type === 'error') listener({ message: error instanceof Error ? error.message : String(error) } as { data?: unknown });
    },
  );
  return {
    postMessage(message) {
      if (worker) worker.postMessage(message);
      else posted.push(message);
    },
    terminate() {
      over = true;
      worker?.terminate();
    },
    addEventListener(...listener) {
      if (worker) worker.addEventListener(...listener);
      else listeners.push(listener);
    },
  };
}

const locks = (): LockManager | undefined => (navigator as { readonly locks?: LockManager }).locks;
