/**
 * Returns a function whose promise resolves in a later macrotask, so that messages that arrived meanwhile are handled
 * first. In browsers a MessageChannel ping: microtasks and `scheduler.yield` let no message in, and timers are clamped
 * to 4 ms. In Node `setImmediate`: there a port empties its own queue before any other port is looked at.
 */
export function createMacrotask(): () => Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => unknown };
  if (setImmediate) return () => new Promise((resolve) => setImmediate(resolve));
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = (): void => waiting.shift()?.();
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      port2.postMessage(null);
    });
}
