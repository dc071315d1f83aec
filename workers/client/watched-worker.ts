/** A name for one worker: also that of the lock which it holds for as long as it lives. */
export function workerName(): string {
  return `vitrine-engine-${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
}

/**
 * In the worker: takes the lock that tells the page that this worker is alive. It goes with the worker, however that ends.
 * Resolves once it is held, or cannot be had: before that the worker may not say a word, or the page, which waits in line
 * from the first one on, could be first and take a worker for dead that lives.
 */
export function stayAlive(name: string): Promise<void> {
  return new Promise((held) => {
    const lock = name === '' ? undefined : locks();
    if (!lock) return held();
    lock
      .request(name, () => {
        held();
        return new Promise(() => {});
      })
      .catch(() => held());
  });
}

/**
 * A worker that ends without a word (closed, or killed by the browser) fires no event, and everything asked of it would wait
 * for ever. Here the page waits in line for the worker's lock: when it gets it, the worker is gone, and gets its `error`
 * event. Needs the Web Locks API, which browsers offer in secure contexts; elsewhere nothing changes.
 */
export function watchWorker(worker: Worker, name: string): Worker {
  const gone = (): void => void worker.dispatchEvent(new ErrorEvent('error', { message: 'it ended without a word' }));
  // By its first word it has its lock.
  worker.addEventListener(
    'message',
    () =>
      void locks()
        ?.request(name, gone)
        .catch(() => {}),
    { once: true },
  );
  return worker;
}

const locks = (): LockManager | undefined => (navigator as { readonly locks?: LockManager }).locks;
