import type { BackendName } from '../../core/model-config.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import type { BackendChoice } from '../../core/protocol/messages.ts';
import { closeDevice, openDevice, type DeviceInfo } from './device.ts';
import type { HostEnvironment } from './environment.ts';

/** Losses of a device that open it again by themselves; the next one ends it. */
const FORGIVEN = 1;
const MESSAGES_KEPT = 8;

/**
 * The device across its losses. After a loss `info` is null until `reopen`; after the second one `ended` says so for good.
 * WebGPU's validation errors do not throw, they compute zeros: they are collected here and fail the job in which they occur.
 */
export class DeviceKeeper {
  readonly #environment: HostEnvironment;
  readonly #onLost: (reason: string, recovering: boolean) => void;
  #info: DeviceInfo | null = null;
  #lastBackend: BackendName | null = null;
  #reason = '';
  #losses = 0;
  #gone = new AbortController();
  #ended: VitrineError | null = null;
  /** Told of the loss while they wait. */
  readonly #waiting = new Set<(error: VitrineError) => void>();
  #errors: string[] = [];

  constructor(environment: HostEnvironment, onLost: (reason: string, recovering: boolean) => void) {
    this.#environment = environment;
    this.#onLost = onLost;
  }

  get info(): DeviceInfo | null {
    return this.#info;
  }
  /** How often it was lost since it was opened by hand. */
  get losses(): number {
    return this.#losses;
  }
  /** Aborts when the present device is lost. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }
  get lost(): boolean {
    return this.#info === null && this.#lastBackend !== null;
  }

  async open(choice: BackendChoice): Promise<DeviceInfo> {
    this.#losses = 0;
    this.#ended = null;
    return this.#open(choice);
  }

  /** Opens the device again after it was lost; `device-lost` where that is over. */
  async reopen(): Promise<void> {
    this.check();
    if (!this.#lastBackend) throw new VitrineError('backend-failed', 'no backend was opened');
    try {
      await this.#open(this.#lastBackend);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#end(`${this.#reason}; it could not be opened again: ${why}`);
      this.check();
    }
  }

  /** Throws where the device was lost for good. */
  check(): void {
    if (this.#ended) throw this.#ended;
  }

  /** Rejects with `device-lost` as soon as the device is lost while `work` is under way. */
  async guard<T>(work: Promise<T>): Promise<T> {
    let listener: ((error: VitrineError) => void) | null = null;
    const loss = new Promise<never>((_, reject) => this.#waiting.add((listener = reject)));
    try {
      return await Promise.race([work, loss]);
    } finally {
      if (listener) this.#waiting.delete(listener);
    }
  }

  /** The error for what a job did on a device that is gone. */
  lossError(): VitrineError {
    return this.#ended ?? new VitrineError('device-lost', `the graphics device was lost (${this.#reason})`);
  }

  /** Throws what the device complained about since the last call. */
  takeErrors(): void {
    const [first, ...rest] = this.#errors;
    this.#errors = [];
    if (first === undefined) return;
    const code = /out.of.memory|allocation/i.test(first) ? 'out-of-memory' : 'backend-failed';
    throw new VitrineError(code, `the graphics device reported: ${first}`, { detail: { more: rest } });
  }

  async close(): Promise<void> {
    this.#info = null;
    this.#lastBackend = null;
    await closeDevice();
  }

  async #open(choice: BackendChoice): Promise<DeviceInfo> {
    this.#info = null;
    this.#errors = [];
    this.#gone = new AbortController();
    const info = await this.#start(choice);
    this.#lastBackend = info.backend;
    this.#info = info;
    return info;
  }

  /** `auto` takes WASM where WebGPU is there but does not start. */
  async #start(choice: BackendChoice): Promise<DeviceInfo> {
    const open = this.#environment.openDevice ?? openDevice;
    const { wasmPaths, kernels, threads } = this.#environment;
    let current = true;
    const options = {
      ...(wasmPaths ? { wasmPaths } : {}),
      ...(kernels ? { kernels } : {}),
      ...(threads === undefined ? {} : { threads }),
      onLost: (reason: string): void => {
        if (current) this.#lose(reason);
        current = false;
      },
      onError: (message: string): void => {
        if (this.#errors.length < MESSAGES_KEPT) this.#errors.push(message);
        this.#environment.onDeviceError?.(message);
      },
    };
    try {
      return await open(choice, options);
    } catch (error) {
      if (choice !== 'auto') throw error;
      const why = error instanceof Error ? error.message : String(error);
      const info = await open('wasm', options);
      return { ...info, reason: `WASM, because WebGPU could not start (${why}).` };
    }
  }

  #lose(reason: string): void {
    this.#info = null;
    this.#reason = reason;
    this.#losses++;
    if (this.#losses > FORGIVEN) this.#end(reason);
    else this.#onLost(reason, true);
    for (const tell of this.#waiting) tell(this.lossError());
    this.#waiting.clear();
    this.#gone.abort();
  }

  #end(reason: string): void {
    this.#ended = new VitrineError('device-lost', `the graphics device was lost for the second time (${reason})`);
    this.#onLost(reason, false);
  }
}
