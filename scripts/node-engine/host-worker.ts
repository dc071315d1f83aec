import type { Event, Request } from '../../core/protocol/messages.ts';
import type { WorkerLike } from '../../workers/client/engine-client.ts';
import { createHost, type HostEnvironment } from '../../workers/runtime/host.ts';

/** tfjs has one set of backends a process: a host opens its device when those before it have let go of theirs. */
let ended: Promise<unknown> = Promise.resolve();

/** Resolves when every host that was terminated has given its device back. */
export const hostsEnded = (): Promise<unknown> => ended;

/** The engine's host in this thread, seen as the client sees its worker. */
export function hostWorker(environment: HostEnvironment): WorkerLike {
  const listeners: ((event: { readonly data?: unknown }) => void)[] = [];
  const host = createHost((event: Event) => {
    // Later, as from a worker: the client is never called from within its own call.
    setImmediate(() => {
      for (const listener of listeners) listener({ data: event });
    });
  }, environment);
  const before = ended;
  return {
    postMessage: (message: Request) => void before.then(() => host.handle(message)),
    terminate() {
      ended = Promise.all([ended, before.then(() => host.dispose())]);
    },
    addEventListener: (type, listener) => {
      if (type === 'message') listeners.push(listener);
    },
  };
}
