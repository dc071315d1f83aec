import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a host of models differs from others; each may be changed while it runs. */
export interface ModelServerHabits {
  /** Answers range requests with parts; else with the whole file. */
  ranges: boolean;
  /** Lets pages of other sites read its files. */
  cors: boolean;
  /** Tells such pages the headers that name size and version as well. */
  exposes: boolean;
  /** Names a version of each file. */
  etags: boolean;
  /** Answers its start page where there is no such file. */
  startPage: boolean;
  /** Answers this instead of a file, this often. */
  refuse: { readonly status: number; times: number; readonly headers?: Record<string, string> } | null;
  /** Stops sending after so many bytes of a body, this often, without breaking the connection. */
  stall: { readonly after: number; times: number } | null;
}

export interface ModelRequest {
  readonly method: string;
  readonly path: string;
  readonly range: string | null;
  readonly authorization: string | null;
  readonly cookie: string | null;
  readonly referrer: string | null;
}

export interface ModelServer {
  /** Ends in `/`. */
  readonly url: string;
  readonly requests: readonly ModelRequest[];
  readonly habits: ModelServerHabits;
  /** Puts another file at a path. */
  put(path: string, content: Buffer | Uint8Array | string): void;
  /** Bytes of bodies that were sent. */
  sent(): number;
  close(): Promise<void>;
}

/** A plain host of files, on this machine, for tests of models at addresses outside of the Hub. */
export async function serveModels(initial: Readonly<Record<string, Buffer | Uint8Array | string>>): Promise<ModelServer> {
  const files = new Map(Object.entries(initial).map(([path, content]) => [path, Buffer.from(content)]));
  const requests: ModelRequest[] = [];
  const habits: ModelServerHabits = {
    ranges: true,
    cors: true,
    exposes: true,
    etags: true,
    startPage: false,
    refuse: null,
    stall: null,
  };
  let sent = 0;
  const server = createServer((request, response) => {
    note(request, requests);
    if (habits.cors) {
      response.setHeader('access-control-allow-origin', '*');
      if (habits.exposes) response.setHeader('access-control-expose-headers', 'ETag,Content-Range');
    }
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname).slice(1);
    const content = files.get(path);
    if (habits.refuse && habits.refuse.times-- > 0) response.writeHead(habits.refuse.status, habits.refuse.headers).end('no');
    else if (content) sent += sendPart(request, response, content, habits);
    else if (habits.startPage) response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>');
    else response.writeHead(404, { 'content-type': 'text/plain' }).end('not found');
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(0, 'localhost', listening);
  });
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    requests,
    habits,
    put: (path, content) => void files.set(path, Buffer.from(content)),
    sent: () => sent,
    close: () =>
      new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

function note({ method, url, headers }: IncomingMessage, requests: ModelRequest[]): void {
  requests.push({
    method: method ?? '',
    path: url ?? '',
    range: headers.range ?? null,
    authorization: headers.authorization ?? null,
    cookie: headers.cookie ?? null,
    referrer: headers.referer ?? null,
  });
}

/** Sends a file, or the part of it that was asked for. @returns how many bytes */
export function sendPart(
  request: IncomingMessage,
  response: ServerResponse,
  content: Buffer,
  habits: Partial<ModelServerHabits> = {},
): number {
  const { exposes = true, etags = true, ranges = true, stall } = habits;
  const [, first, last] = (ranges ? /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') : null) ?? [];
  const [from, to] = [Number(first ?? 0), Math.min(content.length, Number(last ?? content.length - 1) + 1)];
  if (etags) response.setHeader('etag', `"${createHash('sha1').update(content).digest('hex')}"`);
  response.writeHead(first === undefined ? 200 : 206, {
    'content-type': 'application/octet-stream',
    'content-length': to - from,
    // Of a host that does not let them be read, Node would see them all the same.
    ...(first === undefined || !exposes ? {} : { 'content-range': `bytes ${from}-${to - 1}/${content.length}` }),
  });
  if (request.method === 'HEAD') {
    response.end();
    return 0;
  }
  if (stall && stall.times > 0 && to - from > stall.after) {
    stall.times--;
    response.write(content.subarray(from, from + stall.after));
    return stall.after;
  }
  response.end(content.subarray(from, to));
  return to - from;
}
