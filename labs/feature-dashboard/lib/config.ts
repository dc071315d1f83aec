/** Entries of a configuration that a page lists, at most. */
const MOST = 200;

/** A dictionary's `cfg.json` as rows, what is nested under dotted names, in the file's own order. */
export function configRows(json: unknown, prefix = ''): (readonly [key: string, value: string])[] {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return [[prefix || 'value', JSON.stringify(json)]];
  return Object.entries(json)
    .flatMap(([key, value]: [string, unknown]) => {
      const name = prefix === '' ? key : `${prefix}.${key}`;
      const nested = typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
      return nested ? configRows(value, name) : [[name, typeof value === 'string' ? value : JSON.stringify(value)] as const];
    })
    .slice(0, MOST);
}
