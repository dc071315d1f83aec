import { VitrineError } from '../../../core/protocol/errors.ts';
import { answersWithin } from '../stall.ts';

export interface HubNetwork {
  /** Without `/` at its end. */
  readonly host: string;
  /** Goes to `host` and nowhere else; redirects to other hosts lose it, as the platform drops it there. */
  readonly token: string | null;
  readonly fetch?: typeof fetch;
  /** Waits between attempts; tests do not. */
  readonly sleep?: (ms: number, signal?: AbortSignal | null) => Promise<void>;
  /** Milliseconds without an answer, or a byte of it, after which a host counts as gone. */
  readonly stallMs?: number;
}

/** Attempts at a request that the network or the server fails, the first included. */
const ATTEMPTS = 5;
/** Milliseconds before the second attempt; doubled before each further one. */
const PAUSE = 500;
/** Seconds that the Hub may ask to wait before the reader is told instead. */
const PATIENCE = 20;

/** What a host's failures are to the reader. */
export interface Words {
  /** An answer that is not 2xx and not worth another attempt. */
  refusal(response: Response, url: URL, hadToken: boolean): VitrineError;
  /** No answer came. */
  silence(url: URL, cause: unknown): VitrineError;
}

/**
 * `fetch` as the Hub wants it: the reader's token for the Hub alone, no referrer, no cookies; what fails for a moment is tried
 * again. Any answer but 2xx throws: `hub-gated`, `hub-not-found`, `hub-busy`, `network`. An abort rejects as it does with `fetch`.
 */
export function hubFetch(network: HubNetwork): typeof fetch {
  return patientFetch(network, OF_THE_HUB, ATTEMPTS);
}

const OF_THE_HUB: Words = {
  refusal,
  silence: (url, cause) => new VitrineError('network', `${url.host} does not answer`, { cause }),
};

/** The same for any host. @param attempts where nothing answers, or the server fails */
export function patientFetch(network: HubNetwork, words: Words, attempts: number): typeof fetch {
  const { host, token, sleep = pause } = network;
  const send = answersWithin(
    network.fetch ?? ((input: RequestInfo | URL, init?: RequestInit): Promise<Response> => fetch(input, init)),
    network.stallMs,
  );
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const headers = new Headers(init.headers);
    headers.delete('authorization');
    if (token !== null && url.origin === new URL(host).origin) headers.set('authorization', `Bearer ${checked(token)}`);
    const ask = { ...init, headers, credentials: 'omit', referrerPolicy: 'no-referrer' } as const;
    for (let attempt = 1; ; attempt++) {
      const wait = PAUSE * 2 ** (attempt - 1);
      const response = await send(url, ask).catch((cause: unknown) => {
        if (init.signal?.aborted === true) throw cause;
        return cause;
      });
      if (!(response instanceof Response)) {
        if (attempt < attempts && online()) await sleep(wait, init.signal);
        else throw words.silence(url, response);
        continue;
      }
      if (response.ok) return response;
      await response.body?.cancel().catch(() => undefined);
      const seconds = retryAfter(response);
      const again = response.status === 429 ? (seconds ?? 1) <= PATIENCE : response.status >= 500;
      if (!again || attempt >= attempts) throw words.refusal(response, url, token !== null);
      await sleep(seconds === null ? wait : Math.min(seconds, PATIENCE) * 1_000, init.signal);
    }
  };
}

/** Of other characters the platform would throw an error that spells the token out. */
function checked(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new VitrineError('hub-gated', 'the token has characters in it that no token has', {
    hint: 'Copy it anew from the settings of your account on huggingface.co: one word of letters, digits and underscores.',
  });
}

const online = (): boolean => (globalThis.navigator as { onLine?: boolean } | undefined)?.onLine !== false;

/** Seconds, from a number of them or a date; null where the server does not say. */
function retryAfter({ headers }: Response): number | null {
  const value = headers.get('retry-after');
  if (value === null) return null;
  if (/^\d+$/.test(value)) return Number(value);
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - Date.now()) / 1_000));
}

function refusal(response: Response, url: URL, hadToken: boolean): VitrineError {
  const { status, headers } = response;
  const code = headers.get('x-error-code');
  // No query, and never a header: a report must not carry what is the reader's own.
  const detail = { url: url.origin + url.pathname, status, code };
  const what = place(url);
  if (status === 429) return tooMany(response, url);
  if (code === 'GatedRepo' || (status === 403 && code !== 'DisabledRepo'))
    return new VitrineError('hub-gated', `${what.repo} is only for those who have accepted its terms`, {
      detail,
      ...(hadToken
        ? { hint: 'The token is of an account that may not read it: accept its terms on huggingface.co with that account.' }
        : {}),
    });
  // The Hub answers the same for what is not there and for what is private.
  if (status === 401 && hadToken)
    return new VitrineError('hub-gated', `${url.host} does not accept the token`, {
      detail,
      hint: 'Make a new token, with leave to read, in the settings of your account there.',
    });
  if (status === 401 || code === 'RepoNotFound')
    return new VitrineError('hub-not-found', `there is no ${what.repo} on ${url.host}, or it is private`, { detail });
  if (code === 'RevisionNotFound')
    return new VitrineError('hub-not-found', `${what.repo} has no revision ${what.revision}`, {
      detail,
      hint: 'Leave the revision empty to take the newest one.',
    });
  if (status === 404 || status === 410)
    return new VitrineError('hub-not-found', `${what.repo} has no ${what.file || 'such file'} at ${what.revision}`, {
      detail,
      hint: 'Look the repository up again: its files may have changed.',
    });
  return new VitrineError('network', `${url.host} answered ${status}`, { detail });
}

/** The host asks to wait for longer than is waited without a word. */
export function tooMany(response: Response, url: URL): VitrineError {
  const seconds = retryAfter(response);
  return new VitrineError('hub-busy', `${url.host} takes no more requests from here for now`, {
    detail: { url: url.origin + url.pathname, status: response.status },
    ...(seconds === null ? {} : { hint: `Try again in ${minutes(seconds)}; what is here already stays.` }),
  });
}

/** What an address of the Hub means, for messages. */
function place({ pathname }: URL): { readonly repo: string; readonly revision: string; readonly file: string } {
  const [, api, resolve] = [
    pathname,
    /^\/api\/models\/(.+?)\/(?:revision|tree)\/([^/]+)/.exec(pathname),
    /^\/(.+?)\/resolve\/([^/]+)\/(.*)$/.exec(pathname),
  ];
  const [, repo = 'the repository', revision = '', file = ''] = api ?? resolve ?? [];
  return { repo, revision: decode(revision), file: decode(file) };
}

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

const minutes = (seconds: number): string => (seconds < 90 ? `${seconds} s` : `${Math.ceil(seconds / 60)} minutes`);

function pause(ms: number, signal?: AbortSignal | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
}
