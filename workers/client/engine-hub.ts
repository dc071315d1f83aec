import type { Event, Hello, Memory, Ready, Request } from '../../core/protocol/messages.ts';
import type { WorkerLike } from './engine-client.ts';

/** What crosses a port between a client elsewhere and the hub. */
export type HubMessage =
  | { readonly to: 'hub'; readonly request: Request }
  | { readonly to: 'hub'; readonly bye: true }
  | { readonly to: 'client'; readonly event: Event }
  | { readonly to: 'client'; readonly fault: string };

/** One client's way to the worker. */
interface Line {
  readonly live: Set<string>;
  readonly event: (event: Event) => void;
  readonly fault: (message: string) => void;
}

type Listener = (event: { readonly data?: unknown; readonly message?: string }) => void;

/**
 * One engine worker for several clients: those of other frames of the same site on a page. Each gets a line of its own, with
 * ids and slots that do not meet. The first `hello` opens the worker; later ones get the same answer. The worker ends when
 * the last line does, and when it dies, every line is told.
 */
export class EngineHub {
  readonly #worker: WorkerLike;
  readonly #onEnd: () => void;
  readonly #lines = new Map<number, Line>();
  #count = 1;
  #hello: 'none' | 'asked' | Ready = 'none';
  readonly #greeted: { readonly line: number; readonly id: string }[] = [];
  #memory: Memory | null = null;
  #ended = false;

  /** @param onEnd called once, when the worker is no more */
  constructor(worker: WorkerLike, onEnd: () => void = () => undefined) {
    this.#worker = worker;
    this.#onEnd = onEnd;
    worker.addEventListener('message', ({ data }) => this.#receive(data as Event));
    worker.addEventListener('error', (event) =>
      this.#died((event as { message?: string }).message ?? 'its script could not run'),
    );
    worker.addEventListener('messageerror', () => this.#died('a message could not be read'));
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** A line for a client in this very page. */
  line(): WorkerLike {
    const listeners: Record<string, Listener[]> = {};
    const tell = (type: string, event: Parameters<Listener>[0]): void => {
      for (const listener of listeners[type] ?? []) listener(event);
    };
    const line = this.#open({
      live: new Set(),
      event: (data) => tell('message', { data }),
      fault: (message) => tell('error', { message }),
    });
    return {
      postMessage: (request) => this.#send(line, request),
      terminate: () => this.#close(line),
      addEventListener: (type, listener) => void (listeners[type] ??= []).push(listener),
    };
  }

  /** A line for a client at the other end of a port. */
  serve(port: MessagePort): void {
    const post = (message: HubMessage): void => port.postMessage(message);
    const line = this.#open({
      live: new Set(),
      event: (event) => post({ to: 'client', event }),
      fault: (fault) => post({ to: 'client', fault }),
    });
    port.addEventListener('message', ({ data }: MessageEvent<HubMessage>) => {
      if ('request' in data) this.#send(line, data.request);
      else if ('bye' in data) this.#close(line);
    });
    // The frame at the other end is gone. Where browsers do not say so, its line stays open and idle.
    port.addEventListener('close', () => this.#close(line));
    port.start();
  }

  #open(line: Line): number {
    const id = this.#count++;
    this.#lines.set(id, line);
    if (this.#ended) queueMicrotask(() => line.fault('it has ended'));
    return id;
  }

  #close(id: number): void {
    const line = this.#lines.get(id);
    if (!line) return;
    this.#lines.delete(id);
    for (const request of line.live) this.#worker.postMessage({ type: 'cancel', id: request });
    if (this.#lines.size > 0 || this.#ended) return;
    this.#end();
    this.#worker.terminate();
  }

  #send(id: number, request: Request): void {
    const line = this.#lines.get(id);
    if (!line || this.#ended) return;
    if (request.type === 'hello') return this.#greet(id, request);
    const own = `${id}|${request.id}`;
    if (request.type !== 'cancel' && request.type !== 'hub' && request.type !== 'files') line.live.add(own);
    const slot = request.type === 'run' && request.slot !== undefined ? { slot: `${id}|${request.slot}` } : {};
    this.#worker.postMessage({ ...request, id: own, ...slot } as Request);
  }

  #greet(line: number, hello: Hello): void {
    if (typeof this.#hello === 'object') return this.#answer(line, hello.id, this.#hello);
    this.#greeted.push({ line, id: hello.id });
    if (this.#hello === 'asked') return;
    this.#hello = 'asked';
    this.#worker.postMessage({ ...hello, id: 'hub' });
  }

  #answer(line: number, id: string, answer: Exclude<Event, Memory | { type: 'device-lost' }>): void {
    const { event } = this.#lines.get(line) ?? {};
    event?.({ ...answer, id } as Event);
    if (answer.type === 'ready' && this.#memory) event?.(this.#memory);
  }

  #receive(event: Event): void {
    if (event.type === 'memory' || event.type === 'device-lost') {
      if (event.type === 'memory') this.#memory = event;
      for (const line of this.#lines.values()) line.event(event);
      return;
    }
    if (event.id === 'hub') {
      if (event.type === 'ready') this.#hello = event;
      else if (event.type === 'failed') this.#hello = 'none';
      for (const { line, id } of this.#greeted.splice(0)) this.#answer(line, id, event);
      return;
    }
    const at = event.id.indexOf('|');
    const line = at > 0 ? this.#lines.get(Number(event.id.slice(0, at))) : undefined;
    if (!line) return;
    if (event.type !== 'chunk' && event.type !== 'progress') line.live.delete(event.id);
    line.event({ ...event, id: event.id.slice(at + 1) } as Event);
  }

  #died(message: string): void {
    if (this.#ended) return;
    this.#end();
    for (const line of this.#lines.values()) line.fault(message);
  }

  #end(): void {
    this.#ended = true;
    this.#onEnd();
  }
}

/** The worker at the other end of a port, as an `EngineClient` wants it. */
export function workerAtPort(port: MessagePort): WorkerLike & { fault(message: string): void } {
  const listeners: Record<string, Listener[]> = {};
  let over = false;
  const tell = (type: string, event: Parameters<Listener>[0]): void => {
    for (const listener of listeners[type] ?? []) listener(event);
  };
  const fault = (message: string): void => {
    if (over) return;
    over = true;
    port.close();
    tell('error', { message });
  };
  port.addEventListener('message', ({ data }: MessageEvent<HubMessage>) => {
    if ('event' in data && !over) tell('message', { data: data.event });
    else if ('fault' in data) fault(data.fault);
  });
  port.addEventListener('close', () => fault('the frame that ran it is gone'));
  port.start();
  return {
    postMessage: (request) => over || port.postMessage({ to: 'hub', request } satisfies HubMessage),
    terminate() {
      if (over) return;
      over = true;
      port.postMessage({ to: 'hub', bye: true } satisfies HubMessage);
      port.close();
    },
    addEventListener: (type, listener) => void (listeners[type] ??= []).push(listener),
    fault,
  };
}
