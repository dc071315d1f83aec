import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { gzipSync } from 'node:zlib';

export interface StaticServerOptions {
  readonly folder: string;
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

/** A plain file server, like the hosts that Vitrine is meant for: no rewriting, no compression. Only on this machine. */
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
  const body = file === null || file.startsWith('..') ? null : await readFile(join(options.folder, file)).catch(() => null);
  if (body === null || file === null) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('not found');
    return;
  }
  const type = TYPES[extname(file)] ?? 'application/octet-stream';
  const zip =
    options.compress === true && /text|json|svg|wasm/.test(type) && String(request.headers['accept-encoding']).includes('gzip');
  const sent = zip ? gzipSync(body) : body;
  response.writeHead(200, {
    'content-type': type,
    'content-length': sent.length,
    ...(zip ? { 'content-encoding': 'gzip' } : {}),
  });
  response.end(sent);
}
