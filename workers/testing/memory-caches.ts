/** The Cache API in memory, as far as files are kept in it. */
export interface MemoryCaches extends CacheStorage {
  /** Addresses that are kept, by cache. */
  addresses(cache: string): readonly string[];
  /** Bytes that may be kept together; beyond, `put` refuses as a browser with a full storage does. */
  limit: number;
}

export function memoryCaches(): MemoryCaches {
  const stores = new Map<string, Map<string, { readonly bytes: ArrayBuffer; readonly headers: Headers }>>();
  const url = (request: RequestInfo | URL): string => (request instanceof Request ? request.url : new URL(request).href);
  const open = (name: string): Cache => {
    const store = stores.get(name) ?? new Map<string, { bytes: ArrayBuffer; headers: Headers }>();
    stores.set(name, store);
    return {
      match: (request: RequestInfo | URL) => {
        const found = store.get(url(request));
        return Promise.resolve(found && new Response(found.bytes.slice(0), { headers: found.headers }));
      },
      put: async (request: RequestInfo | URL, response: Response) => {
        const bytes = await response.arrayBuffer();
        const held = [...stores.values()].flatMap((one) => [...one.values()]).reduce((sum, one) => sum + one.bytes.byteLength, 0);
        if (held + bytes.byteLength > caches.limit) throw new DOMException('full', 'QuotaExceededError');
        store.set(url(request), { bytes, headers: response.headers });
      },
      delete: (request: RequestInfo | URL) => Promise.resolve(store.delete(url(request))),
      keys: () => Promise.resolve([...store.keys()].map((key) => new Request(key))),
    } as unknown as Cache;
  };
  const caches = {
    limit: Infinity,
    addresses: (name: string) => [...(stores.get(name)?.keys() ?? [])],
    open: (name: string) => Promise.resolve(open(name)),
    delete: (name: string) => Promise.resolve(stores.delete(name)),
    keys: () => Promise.resolve([...stores.keys()]),
  } as unknown as MemoryCaches;
  return caches;
}
