/** Results of earlier runs that later ones ask for again: while a slider is dragged only the steered text changes. */
const KEPT = 64;
const known = new Map<string, unknown>();

/**
 * The value of a computation that depends on nothing but its key. Plain data only: tensors belong to a run.
 * The key must name everything that decides the value, the model's digest and the backend among it.
 */
export async function remember<T>(key: readonly unknown[], compute: () => Promise<T>): Promise<T> {
  const name = JSON.stringify(key);
  const before = known.get(name) as T | undefined;
  const value = before ?? (await compute());
  known.delete(name);
  known.set(name, value);
  for (const oldest of known.keys()) {
    if (known.size <= KEPT) break;
    known.delete(oldest);
  }
  return value;
}
