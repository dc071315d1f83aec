import { VitrineError } from '../../../core/protocol/errors.ts';
import { patientFetch, tooMany, type HubNetwork, type Words } from './network.ts';

/** Attempts at a request: a host that lets no other site's page read its files fails as one that is gone does. */
const ATTEMPTS = 3;

/** What the reader can do with a file that a page cannot fetch. */
export const BY_HAND = 'Download the file by hand, and drop it on the models page.';

/**
 * `fetch` for the hosts of models outside of the Hub: without token, cookies and referrer; what fails for a moment is tried
 * again. Any answer but 2xx throws: `not-found`, `hub-busy`, `network`.
 */
export function addressFetch(network: Omit<HubNetwork, 'token' | 'host'>): typeof fetch {
  const send = patientFetch({ ...network, host: 'https://none.invalid', token: null }, OF_HOSTS, ATTEMPTS);
  return async (input, init) => {
    const response = await send(input, init);
    // Hosts of single-page sites answer with their start page where there is no such file.
    if (response.headers.get('content-type')?.startsWith('text/html') !== true) return response;
    await response.body?.cancel().catch(() => undefined);
    throw missing(new URL(input instanceof Request ? input.url : input), 'it answers with a page');
  };
}

const missing = (url: URL, why: string): VitrineError =>
  new VitrineError('not-found', `${url.host} has no ${nameOf(url)}: ${why}`, {
    detail: { url: url.origin + url.pathname },
    hint: 'Check the address; it has to be that of the file itself.',
  });

const nameOf = ({ pathname }: URL): string => pathname.slice(pathname.lastIndexOf('/') + 1) || pathname;

const OF_HOSTS: Words = {
  refusal(response, url) {
    const { status } = response;
    if (status === 429) return tooMany(response, url);
    if (status === 404 || status === 410) return missing(url, `it answers ${status}`);
    const detail = { url: url.origin + url.pathname, status };
    if (status === 401 || status === 403)
      return new VitrineError('not-found', `${url.host} does not give ${nameOf(url)} to everyone (${status})`, {
        detail,
        hint: BY_HAND,
      });
    return new VitrineError('network', `${url.host} answered ${status}`, { detail });
  },
  silence(url, cause) {
    // A page is not told which of the two it is.
    const page = (globalThis as { readonly location?: { readonly origin: string } }).location;
    const elsewhere = page !== undefined && page.origin !== url.origin;
    const why = elsewhere ? ', or does not let pages of other sites read its files (CORS)' : '';
    return new VitrineError('network', `${url.host} does not answer${why}`, {
      cause,
      ...(elsewhere ? { hint: `Try again. If it stays so: ${BY_HAND}` } : {}),
    });
  },
};
