import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A repository of the served Hub. */
export interface HubServerRepo {
  /** Files by path. */
  readonly files: Readonly<Record<string, Buffer | Uint8Array | string>>;
  /** Only with a token that is among these. */
  readonly tokens?: readonly string[];
  readonly license?: string;
  /** Another name under which it can be asked for, as renamed repositories can. */
  readonly formerly?: string;
}

/** How the hosts misbehave for now; each may be changed while they run. */
export interface HubServerFaults {
  /** Answer this to whatever fits, this often; `headers` go with it. */
  refuse: { readonly pattern: RegExp; times: number; readonly status: number; readonly headers?: Record<string, string> } | null;
  /** Break the connection after so many bytes of a body, this often. */
  cut: { readonly after: number; times: number } | null;
  /** Bytes per second of a file's body; null: at once. */
  bytesPerSecond: number | null;
  /** Hold files back until it resolves. */
  hold: Promise<void> | null;
  /** Answer 200 and the whole file to a range request. */
  ignoreRange: boolean;
  /** Flip a byte of each file that fits, behind the back of its digest. */
  corrupt: RegExp | null;
  /** Entries in one page of the listing. */
  pageSize: number;
}

export interface HubRequest {
  readonly host: 'hub' | 'cdn';
  readonly method: string;
  readonly path: string;
  readonly range: string | null;
  readonly authorization: string | null;
  readonly referrer: string | null;
  readonly cookie: string | null;
}

export interface HubServer {
  /** As `HubAccess.host`. */
  readonly url: string;
  /** Of the host to which files in large-file storage are redirected: another origin. */
  readonly cdn: string;
  readonly requests: readonly HubRequest[];
  readonly faults: HubServerFaults;
  /** Commit of a repository. */
  commit(repo: string): string;
  /** Adds a file, which makes another commit. */
  push(repo: string, path: string, content: Buffer | Uint8Array | string): void;
  /** Bytes of files' bodies that were sent. */
  sent(): number;
  close(): Promise<void>;
}

/** Above this many bytes a file is in large-file storage, as weights are on the Hub. */
const LFS_BYTES = 10_000;

const sha = (kind: 'sha1' | 'sha256', ...parts: readonly (Buffer | string)[]): string => {
  const hash = createHash(kind);
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

/**
 * A Hub on this machine for tests, with its real paths: `/api/models/…/revision/…`, `/tree/…` in pages, `/resolve/…` with
 * a redirect to a second origin for large files, ranges, ETags, `X-Linked-*`, gated repositories, and every way in which it fails.
 */
export async function serveHub(initial: Readonly<Record<string, HubServerRepo>>): Promise<HubServer> {
  const repos = new Map(
    Object.entries(initial).map(([name, repo]) => [
      name,
      { ...repo, files: new Map(Object.entries(repo.files).map(([path, content]) => [path, Buffer.from(content)])) },
    ]),
  );
  const faults: HubServerFaults = {
    refuse: null,
    cut: null,
    bytesPerSecond: null,
    hold: null,
    ignoreRange: false,
    corrupt: null,
    pageSize: 50,
  };
  const requests: HubRequest[] = [];
  let sent = 0;
  const commitOf = (name: string): string => {
    const files = repos.get(name)?.files ?? new Map<string, Buffer>();
    return sha('sha1', name, ...[...files].flatMap(([path, content]) => [path, content]));
  };

  const note = (host: HubRequest['host'], request: IncomingMessage): URL => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const { headers } = request;
    requests.push({
      host,
      method: request.method ?? '',
      path: decodeURIComponent(url.pathname),
      range: headers.range ?? null,
      authorization: headers.authorization ?? null,
      referrer: headers.referer ?? null,
      cookie: headers.cookie ?? null,
    });
    return url;
  };
  const cors = (request: IncomingMessage, response: ServerResponse): boolean => {
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader(
      'access-control-expose-headers',
      'X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,ETag,Link,Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag,Retry-After',
    );
    if (request.method !== 'OPTIONS') return false;
    response.setHeader('access-control-allow-headers', 'authorization,range');
    response.setHeader('access-control-allow-methods', 'GET,HEAD,OPTIONS');
    response.writeHead(204).end();
    return true;
  };
  const refuse = (response: ServerResponse, path: string): boolean => {
    const rule = faults.refuse;
    if (!rule || rule.times <= 0 || !rule.pattern.test(path)) return false;
    rule.times--;
    response.writeHead(rule.status, rule.headers).end('no');
    return true;
  };
  const fail = (response: ServerResponse, status: number, code: string, message: string): void => {
    response.writeHead(status, { 'x-error-code': code, 'x-error-message': message, 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: message }));
  };
  const body = async (request: IncomingMessage, response: ServerResponse, path: string, content: Buffer): Promise<void> => {
    await faults.hold;
    const bytes = Buffer.from(content);
    if (faults.corrupt?.test(path) === true && bytes.length > 0) bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    const range = faults.ignoreRange ? null : /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    const [from, to] = range ? [Number(range[1]), Math.min(Number(range[2]) + 1, bytes.length)] : [0, bytes.length];
    if (range && from >= bytes.length && bytes.length > 0) {
      response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
      return;
    }
    response.writeHead(range ? 206 : 200, {
      'content-type': 'application/octet-stream',
      'content-length': to - from,
      'accept-ranges': 'bytes',
      ...(range ? { 'content-range': `bytes ${from}-${to - 1}/${bytes.length}` } : {}),
    });
    const step = faults.bytesPerSecond === null ? 1 << 20 : Math.max(1, Math.floor(faults.bytesPerSecond / 20));
    for (let at = from; at < to && !response.destroyed; at += step) {
      const { cut } = faults;
      const end = Math.min(to, at + step, cut && cut.times > 0 ? Math.max(at, from + cut.after) : Infinity);
      response.write(bytes.subarray(at, end));
      sent += end - at;
      if (cut && cut.times > 0 && end - from >= cut.after) {
        cut.times--;
        // What was written leaves before the connection breaks.
        setTimeout(() => response.destroy(), 20);
        return;
      }
      if (faults.bytesPerSecond !== null) await new Promise((resolve) => setTimeout(resolve, 50));
    }
    response.end();
  };

  const cdn = createServer((request, response) => {
    const url = note('cdn', request);
    if (cors(request, response) || refuse(response, url.pathname)) return;
    const [, name = '', path = ''] = /^\/(.+?)\/-\/(.*)$/.exec(decodeURIComponent(url.pathname)) ?? [];
    const content = repos.get(name)?.files.get(path);
    // Signed addresses hold for a while; without their signature they are refused.
    if (!content || url.searchParams.get('signature') !== sha('sha1', name, path)) response.writeHead(403).end('expired');
    else void body(request, response, path, content);
  });

  const hub = createServer((request, response) => {
    const url = note('hub', request);
    const path = decodeURIComponent(url.pathname);
    if (cors(request, response) || refuse(response, path)) return;
    const api = /^\/api\/models\/(.+?)\/(revision|tree)\/([^/]+)$/.exec(url.pathname);
    const resolve = /^\/(.+?)\/resolve\/([^/]+)\/(.+)$/.exec(url.pathname);
    const asked = decodeURIComponent((api ?? resolve)?.[1] ?? '');
    const name = [...repos].find(([key, { formerly }]) => key === asked || formerly === asked)?.[0] ?? asked;
    const repo = repos.get(name);
    // The Hub says the same of what is private and of what is not there.
    if (!repo || (!api && !resolve)) return fail(response, 401, 'RepoNotFound', 'Invalid username or password.');
    const commit = commitOf(name);
    const revision = decodeURIComponent(api?.[3] ?? resolve?.[2] ?? '');
    if (!['main', 'HEAD', commit].includes(revision))
      return fail(response, 404, 'RevisionNotFound', `Invalid rev id: ${revision}`);
    response.setHeader('x-repo-commit', commit);
    const json = (value: unknown): void => {
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(value));
    };
    if (api?.[2] === 'revision')
      return json({
        _id: '0',
        id: name,
        private: false,
        gated: repo.tokens ? 'manual' : false,
        downloads: 0,
        likes: 0,
        lastModified: '2026-01-01T00:00:00.000Z',
        pipeline_tag: 'text-generation',
        sha: commit,
        cardData: repo.license === undefined ? {} : { license: repo.license },
      });
    if (api) {
      const from = Number(url.searchParams.get('cursor') ?? 0);
      const all = [...repo.files];
      const next = from + faults.pageSize;
      if (next < all.length) {
        const more = new URL(url.pathname, `http://${request.headers.host ?? ''}`);
        more.search = url.search;
        more.searchParams.set('cursor', String(next));
        response.setHeader('link', `<${more.href}>; rel="next"`);
      }
      return json(all.slice(from, next).map(([file, content]) => entry(file, content)));
    }
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (repo.tokens && token === undefined) return fail(response, 401, 'GatedRepo', `Access to model ${name} is restricted.`);
    if (repo.tokens && !repo.tokens.includes(token ?? '')) return fail(response, 403, 'GatedRepo', `Ask for access to ${name}.`);
    const file = decodeURIComponent(resolve?.[3] ?? '');
    const content = repo.files.get(file);
    if (!content) return fail(response, 404, 'EntryNotFound', 'Entry not found');
    const { lfs, oid } = entry(file, content);
    response.setHeader('etag', `"${lfs?.oid ?? oid}"`);
    if (!lfs) return void body(request, response, file, content);
    response.setHeader('x-linked-size', content.length);
    response.setHeader('x-linked-etag', `"${lfs.oid}"`);
    const where = new URL(`/${name}/-/${file}`, cdnUrl);
    where.searchParams.set('signature', sha('sha1', name, file));
    response.writeHead(302, { location: where.href }).end();
  });

  const [hubPort, cdnPort] = [await listen(hub, 'localhost'), await listen(cdn, '127.0.0.1')];
  const cdnUrl = `http://127.0.0.1:${cdnPort}`;
  return {
    url: `http://localhost:${hubPort}`,
    cdn: cdnUrl,
    requests,
    faults,
    commit: commitOf,
    push(name, path, content) {
      repos.get(name)?.files.set(path, Buffer.from(content));
    },
    sent: () => sent,
    async close() {
      for (const server of [hub, cdn]) {
        server.closeAllConnections();
        await new Promise<void>((closed) => server.close(() => closed()));
      }
    },
  };
}

/** One file as the listing names it: by Git's digest, and in large-file storage also by that of its content. */
function entry(
  path: string,
  content: Buffer,
): { type: 'file'; path: string; size: number; oid: string; lfs?: { oid: string; size: number; pointerSize: number } } {
  const blob = (data: Buffer | string, size: number): string => sha('sha1', `blob ${size}\0`, data);
  if (content.length < LFS_BYTES && !/\.(safetensors|gguf)$/.test(path))
    return { type: 'file', path, size: content.length, oid: blob(content, content.length) };
  const oid = sha('sha256', content);
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${content.length}\n`;
  return {
    type: 'file',
    path,
    size: content.length,
    oid: blob(pointer, pointer.length),
    lfs: { oid, size: content.length, pointerSize: pointer.length },
  };
}

async function listen(server: Server, host: string): Promise<number> {
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(0, host, listening);
  });
  return (server.address() as AddressInfo).port;
}
