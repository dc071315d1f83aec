import { isTerminal, type Event, type Terminal } from '../../core/protocol/messages.ts';
import { openDevice } from '../runtime/device.ts';
import { createHost, type Host, type HostEnvironment } from '../runtime/host.ts';
import { createMacrotask } from '../runtime/macrotask.ts';
import { testLabs } from './test-labs.ts';
import { memorySource, type Files } from './tiny-bundle.ts';

export interface TestHost {
  readonly host: Host;
  readonly events: Event[];
  readonly transfers: Map<Event, readonly ArrayBuffer[]>;
  readonly reads: readonly string[];
  /** Sends a message and waits for its terminal event. */
  ask(message: { readonly id: string; readonly type: string; readonly [key: string]: unknown }): Promise<Terminal>;
  send(message: unknown): void;
  ended(id: string): Promise<Terminal>;
  until(condition: () => boolean): Promise<void>;
  /** The graphics device goes away. */
  lose(reason: string): void;
  /** The graphics device complains. */
  complain(message: string): void;
}

export const HELLO = { type: 'hello', id: 'hello', protocol: 1, backend: 'cpu', base: 'https://example.org/', commit: 'abc' };

const macrotask = createMacrotask();

/** A host on plain JavaScript with labs and files of the test, and a device that can be lost. */
export function testHost(files: Files, environment: Partial<HostEnvironment> = {}): TestHost {
  const events: Event[] = [];
  const transfers = new Map<Event, readonly ArrayBuffer[]>();
  const source = memorySource(files);
  let lose: (reason: string) => void = () => {};
  let complain: (message: string) => void = () => {};
  const host = createHost(
    (event, transfer) => {
      // As a worker's `postMessage` does: what cannot be cloned throws.
      structuredClone(event);
      events.push(event);
      transfers.set(event, transfer);
    },
    {
      labs: testLabs,
      openSource: () => source,
      openDevice: (choice, options = {}) => {
        lose = (reason) => options.onLost?.(reason);
        complain = (message) => options.onError?.(message);
        return openDevice(choice, options);
      },
      ...environment,
    },
  );
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await macrotask();
  };
  const find = (id: string): Terminal | undefined => events.filter(isTerminal).find((e) => e.id === id);
  const ended = async (id: string): Promise<Terminal> => {
    await until(() => find(id) !== undefined);
    return find(id)!;
  };
  return {
    host,
    events,
    transfers,
    reads: source.reads,
    send: (message) => host.handle(message),
    ask: (message) => {
      host.handle(message);
      return ended(message.id);
    },
    ended,
    until,
    lose: (reason) => lose(reason),
    complain: (message) => complain(message),
  };
}

export const run = (id: string, spec: unknown, change: Record<string, unknown> = {}): Parameters<TestHost['ask']>[0] => ({
  type: 'run',
  id,
  spec,
  priority: 'interactive',
  ...change,
});
