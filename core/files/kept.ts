/** Cache (of the Cache API) in which files with a digest are kept. Shared by the engine, which fills it as it loads, and the page. */
export const FILES_CACHE = 'vitrine-files-1';
/** Cache of what the page reads as data; the service worker answers from it where the network does not. */
export const DATA_CACHE = 'vitrine-data-1';
/** Cache in which the service worker keeps parts of the app that it meets later. */
export const ASSETS_CACHE = 'vitrine-assets-1';
/** Cache of the shaders that were the fastest on this device. */
export const KERNELS_CACHE = 'vitrine-kernels';

/**
 * Address under which a file is kept: by what is in it, so that a renamed or moved file is not downloaded again.
 * @param base absolute URL of the site, ending in `/`
 */
export function keptAddress(base: string, sha256: string): string {
  return `${base}.cache/${sha256}`;
}
