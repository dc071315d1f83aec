import { base64 } from '@scure/base';
import type { Page } from '@playwright/test';
import type { Event, Request } from '../../core/protocol/messages.ts';
import type { WorkerLike } from '../../workers/client/engine-client.ts';

/** How an ArrayBuffer crosses from the page to Node. */
interface PackedBuffer {
  readonly $bytes: string;
}

interface PageScope {
  vitrineWorker?: Worker;
  vitrineEvent(json: string): Promise<void>;
  vitrineDied(message: string): Promise<void>;
}

/** Runs in the page: starts the built worker and hands on what it posts. Self-contained, as it is sent over as text. */
function startInPage(url: string): void {
  const scope = globalThis as unknown as PageScope;
  const pack = (value: unknown): unknown => {
    if (value instanceof ArrayBuffer) {
      const bytes = new Uint8Array(value);
      const parts: string[] = [];
      for (let i = 0; i < bytes.length; i += 32_768) parts.push(String.fromCharCode(...bytes.subarray(i, i + 32_768)));
      return { $bytes: btoa(parts.join('')) };
    }
    if (Array.isArray(value)) return value.map(pack);
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, pack(item)]));
    // JSON has no NaN and no infinities.
    return typeof value === 'number' && !Number.isFinite(value) ? { $number: String(value) } : value;
  };
  const worker = new Worker(url, { type: 'module' });
  scope.vitrineWorker = worker;
  worker.addEventListener('message', ({ data }) => void scope.vitrineEvent(JSON.stringify(pack(data))));
  worker.addEventListener('error', ({ message }) => void scope.vitrineDied(message || 'its script could not run'));
}

function unpack(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unpack);
  if (typeof value !== 'object' || value === null) return value;
  if ('$bytes' in value) return Uint8Array.from(base64.decode((value as PackedBuffer).$bytes)).buffer;
  if ('$number' in value) return Number(value.$number);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unpack(item)]));
}

/** The worker of the built site in a Chromium page, seen from Node as the client sees its worker. */
export async function pageWorker(page: Page, url: string): Promise<WorkerLike> {
  type Listener = (event: { readonly data?: unknown; readonly message?: string }) => void;
  const listeners: Record<'message' | 'messageerror' | 'error', Listener[]> = { message: [], messageerror: [], error: [] };
  await page.exposeFunction('vitrineEvent', (json: string) => {
    const data = unpack(JSON.parse(json)) as Event;
    for (const listener of listeners.message) listener({ data });
  });
  await page.exposeFunction('vitrineDied', (message: string) => {
    for (const listener of listeners.error) listener({ message });
  });
  await page.evaluate(startInPage, url);
  // Messages go out one after the other; a page that is gone ends the engine.
  let queue = Promise.resolve();
  return {
    postMessage: (message: Request) => {
      const json = JSON.stringify(message);
      queue = queue
        .then(() =>
          page.evaluate((text) => (globalThis as unknown as PageScope).vitrineWorker?.postMessage(JSON.parse(text)), json),
        )
        .catch((error: unknown) => {
          for (const listener of listeners.error) listener({ message: error instanceof Error ? error.message : String(error) });
        });
    },
    terminate: () => {
      void page.evaluate(() => (globalThis as unknown as PageScope).vitrineWorker?.terminate()).catch(() => undefined);
    },
    addEventListener: (type, listener) => listeners[type].push(listener),
  };
}
