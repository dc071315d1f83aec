import { Cancelled, toWireError, VitrineError } from '../../core/protocol/errors.ts';
import { isTerminal, type Event, type Priority, type Terminal } from '../../core/protocol/messages.ts';
import { createMacrotask } from './macrotask.ts';

/** Longest time between two moments at which messages can come in. */
export const YIELD_MS = 8;
const MAX_WAITING = 256;

export interface Clock {
  /** Milliseconds, monotonic. */
  now(): number;
  /** Resolves in a later macrotask. */
  macrotask(): Promise<void>;
}

/** Handed to a job's work: how it reports, and how it notices that it is no longer wanted. */
export interface Task {
  readonly id: string;
  /** Aborted on cancellation; for fetches. */
  readonly signal: AbortSignal;
  /** Returns at once within 8 ms of the last yield, else lets messages in. Throws `Cancelled` once the task was cancelled. */
  checkpoint(): Promise<void>;
  /** Numbers the chunk and posts it. Nothing is posted after cancellation. */
  chunk(payload: unknown): void;
  progress(phase: string, done: number, total: number, unit: string): void;
}

export interface Job {
  readonly id: string;
  readonly slot?: string;
  readonly priority: Priority;
  /** Resolves with the job's terminal event; throws `Cancelled`, or an error that becomes `failed`. */
  readonly work: (task: Task) => Promise<Terminal>;
}

interface Running {
  readonly job: Job;
  readonly controller: AbortController;
}

/**
 * Runs one job at a time, interactive ones before background ones, else in order of arrival. Per slot one job runs and one
 * waits: a newer one takes the waiting one's place in the queue, and the running one runs on, so a dragged slider never
 * starves. Posts exactly one terminal event per id; an id that was seen before is dropped.
 */
export class Scheduler {
  readonly #post: (event: Event) => void;
  readonly #clock: Clock;
  readonly #seen = new Set<string>();
  readonly #waiting: Job[] = [];
  #running: Running | null = null;
  #draining = false;
  #lastYield = -Infinity;

  constructor(post: (event: Event) => void, clock?: Clock) {
    this.#post = post;
    this.#clock = clock ?? { now: () => performance.now(), macrotask: createMacrotask() };
  }

  /** Ids that have no terminal event yet, the running one first. */
  get pending(): readonly string[] {
    return [...(this.#running ? [this.#running.job.id] : []), ...this.#waiting.map((job) => job.id)];
  }

  submit(job: Job): void {
    if (this.#seen.has(job.id)) return;
    this.#seen.add(job.id);
    const same = job.slot === undefined ? -1 : this.#waiting.findIndex((other) => other.slot === job.slot);
    const replaced = this.#waiting[same];
    if (replaced && replaced.priority === job.priority) {
      this.#waiting[same] = job;
    } else {
      if (replaced) this.#waiting.splice(same, 1);
      if (this.#waiting.length >= MAX_WAITING) {
        this.#fail(job.id, new VitrineError('busy', `${MAX_WAITING} runs are waiting already`));
        return;
      }
      const at = job.priority === 'interactive' ? this.#waiting.findIndex((other) => other.priority === 'background') : -1;
      this.#waiting.splice(at < 0 ? this.#waiting.length : at, 0, job);
    }
    if (replaced) this.#post({ type: 'cancelled', id: replaced.id, reason: 'superseded' });
    if (!this.#draining) void this.#drain();
  }

  /** Cancels a waiting or running job. Unknown and ended ids are ignored. */
  cancel(id: string): void {
    if (this.#running?.job.id === id) {
      this.#running.controller.abort();
      return;
    }
    const at = this.#waiting.findIndex((job) => job.id === id);
    if (at < 0) return;
    this.#waiting.splice(at, 1);
    this.#post({ type: 'cancelled', id, reason: 'asked' });
  }

  async #drain(): Promise<void> {
    this.#draining = true;
    for (let job = this.#waiting.shift(); job; job = this.#waiting.shift()) {
      const controller = new AbortController();
      this.#running = { job, controller };
      const event = await this.#run(job, controller.signal);
      this.#running = null;
      this.#post(event);
      // Whoever asked for this result may now cancel or replace what waits.
      await this.#yield();
    }
    this.#draining = false;
  }

  async #run(job: Job, signal: AbortSignal): Promise<Terminal> {
    const cancelled: Terminal = { type: 'cancelled', id: job.id, reason: 'asked' };
    let seq = 0;
    try {
      const event = await job.work({
        id: job.id,
        signal,
        checkpoint: () => this.#checkpoint(signal),
        chunk: (payload) => {
          if (!signal.aborted) this.#post({ type: 'chunk', id: job.id, seq: seq++, payload });
        },
        progress: (phase, done, total, unit) => {
          if (!signal.aborted) this.#post({ type: 'progress', id: job.id, phase, done, total, unit });
        },
      });
      if (signal.aborted) return cancelled;
      if (event.id !== job.id || !isTerminal(event)) throw new TypeError(`${job.id} ended with an event that is not its own`);
      return event;
    } catch (error) {
      if (signal.aborted || error instanceof Cancelled) return cancelled;
      return { type: 'failed', id: job.id, error: toWireError(error) };
    }
  }

  #fail(id: string, error: VitrineError): void {
    this.#post({ type: 'failed', id, error: toWireError(error) });
  }

  async #checkpoint(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw new Cancelled();
    if (this.#clock.now() - this.#lastYield < YIELD_MS) return;
    await this.#yield();
    if (signal.aborted) throw new Cancelled();
  }

  async #yield(): Promise<void> {
    await this.#clock.macrotask();
    this.#lastYield = this.#clock.now();
  }
}
