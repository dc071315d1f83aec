import { fileAddress, hostIn, isAddressId, parseAddressId } from './address.ts';
import { HUB_HOST, isHubId, parseHubId, resolveUrl } from './hub.ts';

/** Whether an id is of a model that is fetched only once the reader has confirmed it: of the Hub, or of another address. */
export const isRemoteId = (id: string): boolean => isHubId(id) || isAddressId(id);

/** Address of a file of such a model. @param hub the Hub's, without `/` at its end. Null for other ids and for names that are none */
export function remoteUrl(id: string, path: string, hub: string): string | null {
  const reference = parseHubId(id);
  if (reference) return resolveUrl(hub, reference.repo, reference.commit, path);
  const other = parseAddressId(id);
  return other && fileAddress(other, path);
}

/**
 * Address below which a file's chunks are kept: the same whatever host answered, another one for other content, and without
 * anything of the reader's.
 */
export function remoteKey(id: string, path: string): string {
  const url = remoteUrl(id, path, HUB_HOST) ?? '';
  const pin = parseAddressId(id)?.pin;
  // Caches on disk know one scheme.
  return pin === undefined ? url : `${url.replace(/^http:/, 'https:')}/${pin}`;
}

/** The host that a model comes from, as a reader knows it. @param hub the Hub's address */
export const hostOf = (id: string, hub: string): string => hostIn(parseAddressId(id)?.address ?? hub);
