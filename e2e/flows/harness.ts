import { readdirSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { test as base, type BrowserContext } from '@playwright/test';
import { DIST } from '../../scripts/chromium-engine/index.ts';
import { serveFolder, type StaticServer, type StaticServerOptions } from '../../scripts/lib/static-server.ts';

/** Folder of the built site; `E2E_SITE` names another build. */
const FOLDER = process.env['E2E_SITE'] ?? DIST;

/** Answers a request instead of the file; false where the file is to be served after all. */
export type Answer = (path: string, response: ServerResponse) => boolean | Promise<boolean>;

/** The built site on a server of the test's own, which can fail in every way in which a host can. */
export interface Site extends StaticServer {
  /** Answers whatever fits instead of its file. @returns a function that mends it */
  breaks(pattern: RegExp, answer: Answer): () => void;
  /** Lets whatever fits wait. @returns a function that lets it go on */
  holds(pattern: RegExp): () => void;
  /** Puts a script in front of the engine's worker. */
  inject(script: string): void;
  /** Puts a script in front of another one of the site. */
  injectInto(pattern: RegExp, script: string): void;
  /** A file of the site. */
  file(path: string): Buffer;
}

export const WORKER = /^assets\/engine\.worker-.*\.js$/;
export const MANIFEST = /^models\/primer\/manifest\.json$/;
export const WEIGHTS = /^models\/primer\/.*\.safetensors$/;
export const DICTIONARY = /^saes\/.*\.safetensors$/;

/** The server has no such file. */
export const missing: Answer = (_, response) => {
  response.writeHead(404, { 'content-type': 'text/plain' }).end('not found');
  return true;
};

/** The connection breaks: what the browser sees of a network that is gone. */
export const unreachable: Answer = (_, response) => {
  response.destroy();
  return true;
};

/** Another body under the same name. */
export const instead =
  (body: string | Buffer, type: string): Answer =>
  (_, response) => {
    response.writeHead(200, { 'content-type': type }).end(body);
    return true;
  };

export async function openSite(options: Omit<StaticServerOptions, 'folder' | 'intercept'> = {}): Promise<Site> {
  const rules = new Map<RegExp, Answer>();
  const file = (path: string): Buffer => readFileSync(join(FOLDER, path));
  const server = await serveFolder({
    ...options,
    folder: FOLDER,
    intercept: async (path, response) => {
      for (const [pattern, answer] of rules) if (pattern.test(path) && (await answer(path, response))) return true;
      return false;
    },
  });
  const breaks = (pattern: RegExp, answer: Answer): (() => void) => {
    // A pattern object of its own, so that two rules of one pattern do not replace each other.
    const key = new RegExp(pattern);
    rules.set(key, answer);
    return () => void rules.delete(key);
  };
  const injectInto = (pattern: RegExp, script: string): void => {
    const path = readdirSync(join(FOLDER, 'assets')).find((name) => pattern.test(`assets/${name}`));
    if (path === undefined) throw new Error(`the built site has no ${String(pattern)}`);
    breaks(pattern, instead(`${script};\n${file(`assets/${path}`).toString()}`, 'text/javascript'));
  };
  return {
    ...server,
    requests: server.requests,
    file,
    breaks,
    holds(pattern) {
      let go: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (go = resolve));
      const mend = breaks(pattern, () => held.then(() => false));
      return () => {
        mend();
        go();
      };
    },
    inject: (script) => injectInto(WORKER, script),
    injectInto,
  };
}

/** Waits until the site has not been asked for anything for a while: `networkidle`, which can wait for ever where a page has many frames. */
export async function quiet(site: StaticServer, ms = 1_000): Promise<void> {
  for (let asked = -1; asked !== site.requests.length;) {
    asked = site.requests.length;
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
}

/** Everything that a page of this context complains of: errors, policy violations, addresses outside of the site. */
export function complaintsOf(context: BrowserContext, site: StaticServer): string[] {
  const complaints: string[] = [];
  context.on('console', (message) => {
    if (message.type() === 'error' || /content security policy|refused to/i.test(message.text()))
      complaints.push(`console: ${message.text()}`);
  });
  context.on('weberror', (error) => complaints.push(`error: ${error.error().message}`));
  context.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(site.url) && !/^(blob|data):/.test(url)) complaints.push(`asked ${url}`);
  });
  return complaints;
}

export interface Fixtures {
  site: Site;
  /** Options of the server. */
  serve: Omit<StaticServerOptions, 'folder' | 'intercept'>;
  /** Nothing may go wrong behind the reader's back: checked at the end of the test. */
  quiet: boolean;
  silence: void;
}

export const test = base.extend<Fixtures>({
  serve: [{}, { option: true }],
  quiet: [true, { option: true }],
  site: async ({ serve }, use) => {
    const site = await openSite(serve);
    await use(site);
    await site.close();
  },
  silence: [
    async ({ context, site, quiet }, use) => {
      const complaints = complaintsOf(context, site);
      await use();
      if (quiet && complaints.length > 0) throw new Error(`The page complained:\n${complaints.join('\n')}`);
    },
    { auto: true },
  ],
});

export { expect } from '@playwright/test';
