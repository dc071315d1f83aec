/** Milliseconds after which something is done even on a page that never rests. */
const PATIENCE = 2_000;

/** Calls back once the page has nothing to do. @returns a function that calls it off */
export function whenIdle(action: () => void): () => void {
  if ('requestIdleCallback' in globalThis) {
    const asked = requestIdleCallback(action, { timeout: PATIENCE });
    return () => cancelIdleCallback(asked);
  }
  const timer = setTimeout(action, 300);
  return () => clearTimeout(timer);
}
