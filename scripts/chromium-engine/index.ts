import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from '@playwright/test';
import type { BackendName } from '../../core/model-config.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import { EngineClient } from '../../workers/client/engine-client.ts';
import { BLANK, blankPage } from '../lib/blank-page.ts';
import { ensureBuilt } from '../lib/build.ts';
import { CHROMIUM_FLAGS, ensureChromium } from '../lib/chromium.ts';
import { commit } from '../lib/commit.ts';
import { CATALOGUE, mergedCatalogue } from '../lib/local-models.ts';
import type { KeptHub, OpenEngine } from '../lib/open-engine.ts';
import { ROOT } from '../lib/root.ts';
import { serveFolder } from '../lib/static-server.ts';
import { pageWorker } from './bridge.ts';
import { serveKept } from './serve-kept.ts';

export const DIST: string = join(ROOT, 'dist');

/** Headless, on the machine's Chromium or Playwright's own. */
export async function launchChromium(): Promise<Browser> {
  const found = ensureChromium();
  if (!found) throw new VitrineError('backend-failed', 'no Chromium was found');
  const { chromium } = await import('@playwright/test');
  return chromium.launch({
    ...(found.executablePath === undefined ? {} : { executablePath: found.executablePath }),
    args: [...CHROMIUM_FLAGS],
  });
}

/** Path of the engine's worker within the built site. */
export function workerAsset(dist: string = DIST): string {
  const found = readdirSync(join(dist, 'assets')).filter((name) => /^engine\.worker-.*\.js$/.test(name));
  const [only] = found;
  if (found.length !== 1 || !only)
    throw new VitrineError('not-found', `dist/assets holds ${found.length} engine workers; run "npm run build"`);
  return `assets/${only}`;
}

export interface ChromiumEngineOptions {
  readonly backend: BackendName;
  /** Another worker than the built site's, in a folder of its own, and the folder below which `models/` is. */
  readonly own?: { readonly folder: string; readonly worker: string; readonly bundles: string };
  /** Models of the Hub that are kept on this machine: served from there, so that the browser downloads nothing. */
  readonly hub?: KeptHub;
}

/** The built site's worker in headless Chromium: the engine exactly as the page runs it. */
export async function openChromiumEngine({ backend, own, hub }: ChromiumEngineOptions): Promise<OpenEngine> {
  await ensureBuilt();
  const blank = blankPage(DIST);
  const server = await serveFolder({
    folder: own ? [own.folder, own.bundles] : DIST,
    intercept: async (path, response) => {
      if (own && path === CATALOGUE) {
        response.writeHead(200, { 'content-type': 'application/json' }).end(mergedCatalogue(own.bundles));
        return true;
      }
      return (await blank(path, response)) || (hub ? serveKept(hub, path, response) : false);
    },
  });
  const browser = await launchChromium();
  const page = await browser.newPage();
  await page.goto(`${server.url}${BLANK}`);
  const worker = await pageWorker(page, `${server.url}${own?.worker ?? workerAsset()}`);
  let started = false;
  const engine = new EngineClient({
    createWorker: () => {
      if (started) throw new Error('it is not started twice');
      started = true;
      return worker;
    },
    base: server.url,
    commit: commit(),
    backend,
    cacheBytes: 0,
  });
  engine.start();
  return {
    engine,
    hubHost: server.url.replace(/\/$/, ''),
    close: async () => {
      engine.dispose();
      await browser.close();
      await server.close();
    },
  };
}
