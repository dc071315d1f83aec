import { HUB_HOST, type HubAccess, type HubModel } from '../../../core/files/hub.ts';
import type { Quantization } from '../../../core/model-config.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import type { ModelFiles } from '../model-files.ts';

/**
 * The models of the Hub, and of other addresses, that the reader has confirmed. Only these are opened: an id in a link or in a message is not enough,
 * and fetches nothing.
 */
export class HubShelf {
  readonly #models = new Map<string, HubModel>();
  #host: string = HUB_HOST;
  #token: string | null = null;
  readonly #caches: CacheStorage | undefined;

  /** @param caches where files are kept; default: the browser's, where there is one */
  constructor(caches?: CacheStorage) {
    this.#caches = caches;
  }

  allow({ host, token, models }: HubAccess): void {
    this.#host = host;
    this.#token = token;
    for (const model of models) this.#models.set(model.id, model);
  }

  /** How the reader wants a model of the Hub to be loaded. */
  quantization(id: string): Quantization | undefined {
    return this.#models.get(id)?.quantization;
  }

  /** Reads nothing yet. Throws `not-confirmed`. */
  async open(id: string): Promise<ModelFiles> {
    const model = this.#models.get(id);
    if (!model)
      throw new VitrineError('not-confirmed', `${id} is not on this device, and nothing of it is fetched before you confirm it`);
    const { openHubFiles } = await import('./open.ts');
    return openHubFiles(model, { host: this.#host, token: this.#token, ...(this.#caches ? { caches: this.#caches } : {}) });
  }
}
