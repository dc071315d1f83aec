import type { HubFound, HubModel, HubNeeds } from '../../core/files/hub.ts';
import type { ModelTarget } from '../../core/files/target.ts';
import { Cancelled, fromWireError, VitrineError } from '../../core/protocol/errors.ts';
import type { HubAnswer, HubAsk, HubEvent } from '../weights/hub/messages.ts';

/** What the client needs of a `Worker`. */
export interface HubWorker {
  postMessage(message: HubAsk): void;
  terminate(): void;
  addEventListener(type: 'message' | 'messageerror' | 'error', listener: (event: { readonly data?: unknown }) => void): void;
}

/** How to reach the Hub: its address, and the reader's token. */
export interface HubWay {
  readonly host: string;
  readonly token: string | null;
}

interface Pending {
  readonly end: (answer: HubAnswer) => void;
  readonly fail: (error: Error) => void;
  readonly onProgress: ((done: number, total: number) => void) | undefined;
}

type Unnumbered<T> = T extends { readonly id: string } ? Omit<T, 'id'> : never;

/** The page's side of the worker that downloads. It is made with the first ask; when it dies, all that runs fails and the next ask makes a new one. */
export class HubClient {
  readonly #create: () => HubWorker;
  readonly #pending = new Map<string, Pending>();
  #worker: HubWorker | null = null;
  #count = 0;

  constructor(create: () => HubWorker) {
    this.#create = create;
  }

  /** Pins a repository and lists what could be opened of it; nothing of its files is read. Of another address, samples are. */
  async look(target: ModelTarget, way: HubWay, signal?: AbortSignal): Promise<HubFound> {
    const answer = await this.#ask({ type: 'look', target, ...way }, signal);
    if (answer.type !== 'found') throw unexpected(answer);
    return answer.found;
  }

  /** What a model needs of this device: from config.json or a GGUF's header. */
  async needs(model: HubModel, way: HubWay, signal?: AbortSignal): Promise<HubNeeds> {
    const answer = await this.#ask({ type: 'needs', model, ...way }, signal);
    if (answer.type !== 'needed') throw unexpected(answer);
    return answer.needs;
  }

  /** The same of files of this device: a GGUF, or safetensors with their config.json. */
  async localNeeds(files: readonly { readonly name: string; readonly blob: Blob }[], signal?: AbortSignal): Promise<HubNeeds> {
    const answer = await this.#ask({ type: 'local-needs', files }, signal);
    if (answer.type !== 'needed') throw unexpected(answer);
    return answer.needs;
  }

  /** Downloads and keeps what is not kept yet. An abort rejects with `Cancelled` and keeps what is there. */
  async download(
    model: HubModel,
    way: HubWay,
    { signal, onProgress }: { readonly signal?: AbortSignal; readonly onProgress?: (done: number, total: number) => void } = {},
  ): Promise<void> {
    await this.#ask({ type: 'download', model, ...way }, signal, onProgress);
  }

  /** Bytes that are kept of each. */
  async kept(models: readonly HubModel[]): Promise<readonly number[]> {
    if (models.length === 0) return [];
    const answer = await this.#ask({ type: 'kept', models });
    if (answer.type !== 'kept') throw unexpected(answer);
    return answer.bytes;
  }

  async free(model: HubModel, others: readonly HubModel[]): Promise<void> {
    await this.#ask({ type: 'free', model, others });
  }

  async #ask(
    ask: Unnumbered<Exclude<HubAsk, { type: 'cancel' }>>,
    signal?: AbortSignal,
    onProgress?: (done: number, total: number) => void,
  ): Promise<HubAnswer> {
    if (signal?.aborted) throw new Cancelled();
    const worker = (this.#worker ??= this.#start());
    const id = `hub-${this.#count++}`;
    const cancel = (): void => worker.postMessage({ type: 'cancel', id });
    const ended = new Promise<HubAnswer>((end, fail) => this.#pending.set(id, { end, fail, onProgress }));
    signal?.addEventListener('abort', cancel);
    try {
      worker.postMessage({ ...ask, id } as HubAsk);
      const answer = await ended;
      if (answer.type === 'failed') throw fromWireError(answer.error);
      if (answer.type === 'cancelled') throw new Cancelled();
      return answer;
    } finally {
      this.#pending.delete(id);
      signal?.removeEventListener('abort', cancel);
    }
  }

  #start(): HubWorker {
    const worker = this.#create();
    worker.addEventListener('message', ({ data }) => this.#receive(data as HubEvent));
    const died = (event: object): void => {
      if (this.#worker !== worker) return;
      this.#worker = null;
      worker.terminate();
      const error = new VitrineError(
        'worker-died',
        `what downloads has stopped: ${'message' in event ? String(event.message) : 'a message could not be read'}`,
        {
          hint: 'Go on; what was kept is still there.',
        },
      );
      const ended = [...this.#pending.values()];
      this.#pending.clear();
      for (const { fail } of ended) fail(error);
    };
    worker.addEventListener('error', died);
    worker.addEventListener('messageerror', died);
    return worker;
  }

  #receive(event: HubEvent): void {
    const pending = this.#pending.get(event.id);
    if (event.type === 'progress') pending?.onProgress?.(event.done, event.total);
    else pending?.end(event);
  }
}

const unexpected = ({ type }: HubAnswer): VitrineError =>
  new VitrineError('protocol-mismatch', `an answer of the kind “${type}”`);
