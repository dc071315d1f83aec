import { memoryBudget } from '../../core/device.ts';
import { toWireError, VitrineError } from '../../core/protocol/errors.ts';
import {
  isTerminal,
  PROTOCOL_VERSION,
  type Event,
  type Hello,
  type Load,
  type Ready,
  type Terminal,
} from '../../core/protocol/messages.ts';
import { isRemoteId } from '../../core/files/remote.ts';
import { transferables } from '../../core/protocol/wire-tensor.ts';
import { tf } from '../kernels/index.ts';
import { deviceBytes, trimPool, type DeviceInfo } from './device.ts';
import { DeviceKeeper } from './device-keeper.ts';
import type { Host, HostEnvironment, Post } from './environment.ts';
import { createMacrotask } from './macrotask.ts';
import { parseRequest, type Incoming } from './requests.ts';
import { runLab } from './run-lab.ts';
import { Scheduler, type Task } from './scheduler.ts';
import { openScope } from './scope.ts';
import { Store, type Held } from './store.ts';
import type { ModelFiles } from '../weights/model-files.ts';
import { HubShelf } from '../weights/hub/shelf.ts';
import { LOCAL_PREFIX, LocalShelf } from '../weights/local-files.ts';

export type { Host, HostEnvironment, LabModule, Post } from './environment.ts';

/** Ids of the host's own jobs, which nobody hears of. */
const OWN = '\u0000';
/** Unused pooled bytes on the graphics device that are left alone. */
const POOL_BYTES = 256 * 2 ** 20;
/** How long a cancelled run may take to notice when the host is disposed of. */
const DISPOSE_MS = 5_000;

/** The engine's message handler, see `Host`. */
export function createHost(post: Post, environment: HostEnvironment): Host {
  const host = new EngineHost(post, environment);
  return { handle: (message) => host.handle(message), dispose: () => host.dispose() };
}

interface Session {
  readonly hello: Hello;
  readonly store: Store;
}

class EngineHost {
  readonly #postRaw: Post;
  readonly #environment: HostEnvironment;
  readonly #scheduler: Scheduler;
  readonly #device: DeviceKeeper;
  readonly #hub: HubShelf;
  readonly #local: LocalShelf = new LocalShelf();
  #session: Session | null = null;
  /** Why there is no session. */
  #refusal: unknown = new VitrineError('protocol-mismatch', 'the engine was not greeted, so it has no backend');
  /** What the lost device held, until it is back. */
  #lost: readonly Held[] = [];
  #count = 0;
  #disposed = false;

  constructor(post: Post, environment: HostEnvironment) {
    this.#postRaw = post;
    this.#environment = environment;
    this.#hub = new HubShelf(environment.caches);
    this.#scheduler = new Scheduler((event) => this.#post(event));
    this.#device = new DeviceKeeper(environment, (reason, recovering) => this.#onLost(reason, recovering));
  }

  handle(message: unknown): void {
    const request = this.#disposed ? null : parseRequest(message);
    if (!request) return;
    if (request.type === 'cancel') return this.#scheduler.cancel(request.id);
    if (request.type === 'hub') return this.#hub.allow(request);
    if (request.type === 'files') return this.#local.add(request.model, request.files, request.quantization);
    this.#scheduler.submit({
      id: request.id,
      priority: request.type === 'run' ? request.priority : 'interactive',
      ...(request.type === 'run' && request.slot !== undefined ? { slot: request.slot } : {}),
      work: (task) => this.#work(request, task),
    });
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    for (const id of this.#scheduler.pending) this.#scheduler.cancel(id);
    const macrotask = createMacrotask();
    const deadline = performance.now() + DISPOSE_MS;
    while (this.#scheduler.pending.length > 0 && performance.now() < deadline) await macrotask();
    this.#session?.store.clear();
    this.#session = null;
    await this.#device.close();
  }

  async #work(request: Exclude<Incoming, { type: 'cancel' | 'hub' | 'files' }>, task: Task): Promise<Terminal> {
    if (request.type === 'invalid') throw request.error;
    if (request.type === 'hello') return this.#hello(request);
    const session = await this.#ready(task);
    const { losses } = this.#device;
    session.store.serve({ ...task, signal: AbortSignal.any([task.signal, this.#device.signal]) });
    const close = openScope();
    try {
      const event = await this.#serve(request, session, task);
      if (this.#device.losses !== losses) throw this.#device.lossError();
      this.#device.takeErrors();
      return event;
    } catch (error) {
      // Whatever went wrong on a device that is gone went wrong because of that.
      throw this.#device.losses === losses ? typed(error) : this.#device.lossError();
    } finally {
      close();
      this.#tidyUp(session);
    }
  }

  async #serve(
    request: Exclude<Incoming, { type: 'cancel' | 'hub' | 'files' | 'hello' | 'invalid' }>,
    { store, hello }: Session,
    task: Task,
  ): Promise<Terminal> {
    switch (request.type) {
      case 'load':
        return this.#load(request, store);
      case 'run': {
        const { labs } = this.#environment;
        const { id, spec } = request;
        return runLab({ id, spec, labs, store, device: this.#device, task, commit: hello.commit });
      }
      case 'release':
        store.release(request.target);
        trimPool();
        return { type: 'released', id: request.id };
    }
  }

  async #load({ id, model: name, quantization, saes }: Load, store: Store): Promise<Terminal> {
    const model = await store.model(name, quantization);
    for (const sae of saes ?? []) await store.sae(name, sae);
    const { config, digest, bytes } = model;
    return { type: 'loaded', id, model: model.id, config, quantization: model.quantization, digest, bytes };
  }

  async #hello(hello: Hello): Promise<Ready> {
    if (hello.protocol !== PROTOCOL_VERSION)
      throw new VitrineError('protocol-mismatch', `the page speaks protocol ${hello.protocol}, the engine ${PROTOCOL_VERSION}`);
    this.#session?.store.clear();
    this.#session = null;
    this.#lost = [];
    const info = await this.#device.open(hello.backend).catch((error: unknown) => {
      throw (this.#refusal = error);
    });
    this.#session = { hello, store: this.#openStore(hello, info) };
    const { backend, adapter, software, threads, reason, limits, features } = info;
    const ready: Ready = {
      type: 'ready',
      id: hello.id,
      protocol: PROTOCOL_VERSION,
      backend,
      adapter,
      software,
      threads,
      reason,
      limits,
      features,
    };
    this.#postMemory(this.#session.store);
    return ready;
  }

  #openStore({ base }: Hello, info: DeviceInfo): Store {
    return new Store({
      source: this.#environment.openSource(base),
      openElsewhere: (id) => this.#openElsewhere(id),
      preferred: (id) => this.#hub.quantization(id) ?? this.#local.quantization(id),
      budgetBytes: this.#environment.budgetBytes ?? defaultBudget(info),
      backend: info.backend,
    });
  }

  /** Models of the Hub, of other addresses, and of the reader's own files. */
  #openElsewhere(id: string): Promise<ModelFiles> | null {
    if (isRemoteId(id)) return this.#hub.open(id);
    return id.startsWith(LOCAL_PREFIX) ? Promise.resolve().then(() => this.#local.open(id)) : null;
  }

  /** The session, on a device that is there: after a loss it is opened again, with what was in memory. */
  async #ready(task: Task): Promise<Session> {
    const session = this.#session;
    if (!session) throw this.#refusal;
    this.#device.check();
    session.store.serve(task);
    if (!this.#device.lost) return session;
    session.store.clear();
    await this.#device.reopen();
    const held = this.#lost;
    this.#lost = [];
    for (const { model, quantization, saes } of held) {
      // What does not come back is loaded when it is asked for, and fails there with its own error.
      await this.#load({ type: 'load', id: '', model, quantization, saes }, session.store).catch(() => {});
    }
    this.#postMemory(session.store);
    session.store.serve(task);
    return session;
  }

  #onLost(reason: string, recovering: boolean): void {
    this.#post({ type: 'device-lost', reason, recovering });
    if (!recovering) return;
    this.#lost = this.#session?.store.held() ?? [];
    const id = `${OWN}recover-${this.#count++}`;
    this.#scheduler.submit({
      id,
      priority: 'interactive',
      work: async (task) => {
        await this.#ready(task);
        return { type: 'released', id };
      },
    });
  }

  #tidyUp({ store }: Session): void {
    if (!this.#device.info) return;
    if (deviceBytes() - tf.memory().numBytes > POOL_BYTES) trimPool();
    this.#postMemory(store);
  }

  #postMemory(store: Store): void {
    this.#post({ type: 'memory', deviceBytes: deviceBytes(), tensors: tf.memory().numTensors, ...store.contents() });
  }

  /** Chunks are copied: a lab may put the same tensors into its result. */
  #post(event: Event): void {
    if ('id' in event && event.id.startsWith(OWN)) return;
    try {
      this.#postRaw(event, event.type === 'result' ? transferables(event.payload) : []);
    } catch (error) {
      // What cannot be cloned is the lab's mistake; a chunk's surfaces in its run, a terminal event must come all the same.
      if (!('id' in event) || !isTerminal(event)) throw error;
      this.#postRaw({ type: 'failed', id: event.id, error: toWireError(error) }, []);
    }
  }
}

/** Allocation failures of JavaScript and of WASM come as plain errors. */
function typed(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof VitrineError) return error;
  if (!/allocation failed|invalid (typed )?array length|out of memory|\bOOM\b/i.test(error.message)) return error;
  return new VitrineError('out-of-memory', error.message, { cause: error });
}

function defaultBudget({ backend }: DeviceInfo): number {
  const { deviceMemory } = (globalThis.navigator ?? {}) as { deviceMemory?: number };
  return memoryBudget(backend, deviceMemory);
}
