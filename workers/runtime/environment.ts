import type { Event } from '../../core/protocol/messages.ts';
import type { ExperimentSpec, LabDefinition } from '../../core/spec/index.ts';
import type { RunContext } from '../api.ts';
import type { KernelSource } from '../kernels/wasm/kernels.ts';
import type { FileSource } from '../weights/file-source.ts';
import type { openDevice, WasmPaths } from './device.ts';

/** `labs/<id>/spec.ts` and `labs/<id>/run.ts` together. */
export interface LabModule {
  readonly lab: LabDefinition;
  /** Yields chunks, returns the result. Gets the spec with its `params` and `view` complete. */
  run(spec: ExperimentSpec, ctx: RunContext): AsyncGenerator<unknown, unknown>;
}

/** What the host needs of the place it runs in: the worker, Node, or a test. */
export interface HostEnvironment {
  /** Resolves with null where there is no such lab. */
  readonly labs: (id: string) => Promise<LabModule | null>;
  /** @param base `hello.base`: the site's root, ending in `/` */
  readonly openSource: (base: string) => FileSource;
  readonly wasmPaths?: WasmPaths;
  /** SIMD kernels for the WASM backend. */
  readonly kernels?: KernelSource;
  /** WASM threads, where they work. */
  readonly threads?: number;
  /** Bytes that models and SAEs may hold together before the least recently used ones are freed. */
  readonly budgetBytes?: number;
  /** A WebGPU validation error, which does not throw but computes zeros. Tests fail on it. */
  readonly onDeviceError?: (message: string) => void;
  /** Where files of the Hub are kept; default: the browser's own caches, where there are any. */
  readonly caches?: CacheStorage;
  /** Opens the device; tests put their own in front. Default `openDevice`. */
  readonly openDevice?: typeof openDevice;
}

/** @param transfer buffers to hand over with the event; empty means that it is copied */
export type Post = (event: Event, transfer: readonly ArrayBuffer[]) => void;

/** The engine behind the protocol, without a Worker: a function of (message, post). */
export interface Host {
  /** Takes a `Request`. Anything else is dropped, or failed where it has an id; it never throws. */
  handle(message: unknown): void;
  /** Cancels everything, frees everything and closes the device. */
  dispose(): Promise<void>;
}
