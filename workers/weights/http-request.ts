import { VitrineError } from '../../core/protocol/errors.ts';
import { answersWithin } from './stall.ts';

/** Bytes from … to − 1 of the file. Throws typed errors of its own (`network`, `not-found` …); any status may come back. */
export type RangeRequest = (from: number, to: number, signal?: AbortSignal) => Promise<Response>;

/** Asks for parts of what is at an address. `bytes=a-b` and no other form: a browser would ask the host's leave for those first. */
export const ranged =
  (ask: typeof fetch, url: string): RangeRequest =>
  (from, to, signal) =>
    ask(url, { headers: { range: `bytes=${from}-${to - 1}` }, ...(signal ? { signal } : {}) });

/** A range request for a plain address, without credentials. */
export function plainRequest(
  url: string,
  name: string,
  options: { readonly fetch?: typeof fetch; readonly stallMs?: number } = {},
): RangeRequest {
  const ask = answersWithin(options.fetch ?? ((input, init): Promise<Response> => fetch(input, init)), options.stallMs);
  const request = ranged(ask, url);
  return async (from, to, signal) => {
    const response = await request(from, to, signal).catch((cause: unknown) => {
      throw signal?.aborted || cause instanceof VitrineError
        ? cause
        : new VitrineError('network', `${name} could not be fetched`, { cause });
    });
    // Hosts of single-page sites answer with their start page where there is no such file.
    const page = response.headers.get('content-type')?.startsWith('text/html') === true;
    if (response.status === 404 || response.status === 410 || page)
      throw new VitrineError('not-found', `there is no ${name}`, { detail: { url } });
    return response;
  };
}

/** What a host calls this version of a file, where it promises that another name is another content; null where it does not. */
export const strongEtag = ({ headers }: Response): string | null =>
  /^"[^"]{1,198}"$/.exec(headers.get('etag') ?? '')?.[0] ?? null;
