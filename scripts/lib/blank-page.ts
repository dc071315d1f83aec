import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StaticServerOptions } from './static-server.ts';

export const BLANK = 'blank.html';

/** Serves beside the built site an empty page under the same content security policy, for an engine without the app. */
export function blankPage(dist: string): NonNullable<StaticServerOptions['intercept']> {
  const policy = /<meta http-equiv="Content-Security-Policy"[^>]*>/.exec(readFileSync(join(dist, 'index.html'), 'utf8'))?.[0];
  if (policy === undefined) throw new Error('the built page has no content security policy');
  return (path, response) => {
    if (path !== BLANK) return false;
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(`<!doctype html>${policy}<link rel="icon" href="data:,"><title>engine</title>`);
    return true;
  };
}
