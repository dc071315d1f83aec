import type { Event, Request } from '../../core/protocol/messages.ts';
import type { WorkerLike } from '../../workers/client/engine-client.ts';
import { createHost, type HostEnvironment } from '../../workers/runtime/host.ts';

/** The engine's host in this thread, seen as the client sees its worker. */
export function hostWorker(environment: HostEnvironment): WorkerLike {
  const listeners: ((event: { readonly data?: unknown }) => void)[] = [];
  const host = createHost((event: Event) => {
    // Later, as from a worker: the client is never called from within its own call.
    setImmediate(() => {
      for (const listener of listeners) listener({ data: event });
    });
  }, environment);
  return {
    postMessage: (message: Request) => host.handle(message),
    terminate: () => void host.dispose(),
    addEventListener: (type, listener) => {
      if (type === 'message') listeners.push(listener);
    },
  };
}
