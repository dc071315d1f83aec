/** Cache (of the Cache API) in which files with a digest are kept. Shared by the engine, which fills it as it loads, and the page. */
export const FILES_CACHE = 'vitrine-files-1';

/**
 * Address under which a file is kept: by what is in it, so that a renamed or moved file is not downloaded again.
 * @param base absolute URL of the site, ending in `/`
 */
export function keptAddress(base: string, sha256: string): string {
  return `${base}.cache/${sha256}`;
}
