import type { ServerResponse } from 'node:http';
import { parseHubId } from '../../core/files/hub.ts';
import { openHubFile } from '../../workers/weights/hub/open.ts';
import type { KeptHub } from '../lib/open-engine.ts';

/** Answers `owner/name/resolve/<commit>/<path>` from what is kept of the Hub. @returns whether it is one of these */
export async function serveKept(hub: KeptHub, path: string, response: ServerResponse): Promise<boolean> {
  const [, repo, commit, name] = /^(.+?)\/resolve\/([0-9a-f]{40})\/(.+)$/.exec(path) ?? [];
  const access = hub.access();
  for (const { id, weights, others } of access.models) {
    const reference = parseHubId(id);
    const file = [...weights, ...others].find((one) => one.path === name);
    if (reference?.repo !== repo || reference?.commit !== commit || !file) continue;
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(response.req.headers.range ?? '') ?? [];
    const [from, to] = [Number(first ?? 0), Math.min(file.bytes, Number(last ?? file.bytes - 1) + 1)];
    if (from >= to && file.bytes > 0) {
      response.writeHead(416).end();
      return true;
    }
    const bytes = await openHubFile(id, file, { ...access, caches: hub.caches }).read(from, to);
    response
      .writeHead(first === undefined ? 200 : 206, {
        'content-length': bytes.length,
        ...(first === undefined ? {} : { 'content-range': `bytes ${from}-${to - 1}/${file.bytes}` }),
      })
      .end(bytes);
    return true;
  }
  return false;
}
