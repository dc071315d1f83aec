import type { CDPSession, Page } from '@playwright/test';

/** Bytes of JavaScript objects that are still held after everything else was collected. */
export interface Heap {
  readonly page: number;
  /** Of all workers together, with the buffers that they hold. */
  readonly workers: number;
}

interface HeapUsage {
  readonly usedSize: number;
  /** Memory of buffers, which is not part of `usedSize`. */
  readonly backingStorageSize?: number;
}

const bytesOf = ({ usedSize, backingStorageSize = 0 }: HeapUsage): number => usedSize + backingStorageSize;

export async function heapOf(page: Page): Promise<Heap> {
  const session = await page.context().newCDPSession(page);
  const workers = await workerSessions(session);
  await session.send('HeapProfiler.collectGarbage');
  const own = bytesOf(await session.send('Runtime.getHeapUsage'));
  const theirs: number[] = [];
  for (const ask of workers) {
    await ask('HeapProfiler.collectGarbage');
    theirs.push(bytesOf((await ask('Runtime.getHeapUsage')) as HeapUsage));
  }
  await session.detach();
  return { page: own, workers: theirs.reduce((a, b) => a + b, 0) };
}

type Ask = (method: string) => Promise<unknown>;

/** A line to each worker of a page. */
async function workerSessions(session: CDPSession): Promise<readonly Ask[]> {
  const waiting = new Map<number, (result: unknown) => void>();
  const ids: string[] = [];
  session.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => targetInfo.type === 'worker' && ids.push(sessionId));
  session.on('Target.receivedMessageFromTarget', ({ message }) => {
    const { id, result, error } = JSON.parse(message) as { id: number; result?: unknown; error?: unknown };
    waiting.get(id)?.(error === undefined ? result : Promise.reject(new Error(JSON.stringify(error))));
  });
  await session.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
  let last = 0;
  return ids.map((sessionId) => (method) => {
    const id = ++last;
    const answer = new Promise<unknown>((resolve) => waiting.set(id, resolve));
    return session.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method }) }).then(() => answer);
  });
}
