import { open, type FileHandle } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';

export interface StaticServerOptions {
  /** Of several, the first that has the file. */
  readonly folder: string | readonly string[];
  /** Send COOP and COEP, so that the page is cross-origin isolated, and CORP, so that isolated pages can embed it. Default true. */
  readonly isolated?: boolean;
  /** Send text as gzip, where it is asked for. Default false. */
  readonly compress?: boolean;
  /** Path below which the folder is served, `/` at both ends. Default `/`. */
  readonly prefix?: string;
  /** Answers instead of the file: to break a bundle, to slow it down. Return false to serve the file. */
  readonly intercept?: (path: string, response: ServerResponse) => boolean | Promise<boolean>;
}

export interface StaticServer {
  /** Address of the folder, ending in `/`. */
  readonly url: string;
  /** Paths that were asked for, in order. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.md': 'text/markdown; charset=utf-8',
};

/**
 * A plain file server, like the hosts that Vitrine is meant for: no rewriting, no compression, parts of files where they are
 * asked for. Files are streamed, never held. Only on this machine.
 */
export async function serveFolder(options: StaticServerOptions): Promise<StaticServer> {
  const prefix = options.prefix ?? '/';
  const requests: string[] = [];
  const server = createServer((request, response) => {
    answer(request, response, { ...options, prefix }, requests).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(0, 'localhost', listening);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}${prefix}`,
    requests,
    close: () =>
      new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: StaticServerOptions & { readonly prefix: string },
  requests: string[],
): Promise<void> {
  const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
  requests.push(path);
  if (options.isolated !== false) {
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Embedder-Policy', 'credentialless');
    response.setHeader('Cross-Origin-Resource-Policy', 'cross-origin');
  }
  const below = path.startsWith(options.prefix) ? path.slice(options.prefix.length) : null;
  if (below !== null && (await options.intercept?.(below, response)) === true) return;
  const file = below === null ? null : normalize(below === '' || below.endsWith('/') ? `${below}index.html` : below);
  const handle = file === null || file.startsWith('..') ? null : await openFirst([options.folder].flat(), file);
  if (handle === null) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('not found');
    return;
  }
  try {
    if (request.method === 'GET' || request.method === 'HEAD')
      await send(request, response, handle, TYPES[extname(file ?? '')] ?? 'application/octet-stream', options);
    else response.writeHead(405, { allow: 'GET, HEAD' }).end();
  } finally {
    await handle.close();
  }
}

async function openFirst(folders: readonly string[], path: string): Promise<FileHandle | null> {
  for (const folder of folders) {
    const handle = await open(join(folder, path)).catch(() => null);
    if ((await handle?.stat())?.isFile() === true) return handle;
    await handle?.close();
  }
  return null;
}

async function send(
  { method, headers }: IncomingMessage,
  response: ServerResponse,
  file: FileHandle,
  type: string,
  { compress }: StaticServerOptions,
): Promise<void> {
  const zip = compress === true && /text|json|svg|wasm/.test(type) && String(headers['accept-encoding']).includes('gzip');
  if (zip) {
    const body = gzipSync(await file.readFile());
    response.writeHead(200, { 'content-type': type, 'content-length': body.length, 'content-encoding': 'gzip' });
    response.end(method === 'HEAD' ? undefined : body);
    return;
  }
  const { size } = await file.stat();
  const part = method === 'GET' ? rangeOf(headers.range, size) : null;
  response.setHeader('accept-ranges', 'bytes');
  if (part === 'outside') {
    response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
    return;
  }
  const { from, to } = part ?? { from: 0, to: size };
  response.writeHead(part ? 206 : 200, {
    'content-type': type,
    'content-length': to - from,
    ...(part ? { 'content-range': `bytes ${from}-${to - 1}/${size}` } : {}),
  });
  if (method === 'HEAD' || from === to) {
    response.end();
    return;
  }
  await pipeline(file.createReadStream({ start: from, end: to - 1, autoClose: false }), response).catch((error: unknown) => {
    // Who asked went away.
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE')) throw error;
  });
}

/**
 * Bytes from … to − 1 of one range, as RFC 9110 §14 reads it; `outside` where the file has none of them; null, the whole file,
 * without a range, and for what need not be understood: several ranges, other units, nonsense.
 */
function rangeOf(header: string | undefined, size: number): { readonly from: number; readonly to: number } | 'outside' | null {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return null;
  if (first === '') {
    const from = Math.max(0, size - Number(last));
    return from < size ? { from, to: size } : 'outside';
  }
  if (last !== '' && Number(last) < Number(first)) return null;
  const to = last === '' ? size : Math.min(size, Number(last) + 1);
  return Number(first) < size ? { from: Number(first), to } : 'outside';
}
