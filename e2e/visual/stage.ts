import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { FrameLocator, Locator, Page } from '@playwright/test';
import { serveHub, type HubServer } from '../../scripts/lib/hub-server.ts';
import { tinyLlama } from '../flows/checkpoint.ts';
import { instead, test as base, type Site } from '../flows/harness.ts';

/** What a scene is set up with, before its page is opened. */
export interface Stage {
  readonly page: Page;
  readonly site: Site;
}

/** Brings a page into a state, ending in something that is waited for. */
export type Step = (page: Page, stage: Stage) => Promise<void>;

/** One picture: an address, and what brings the page into the state that is pictured. */
export interface Scene {
  readonly name: string;
  /** Below the site: `#/…`, or another page of it. */
  readonly address: string;
  /** Before the page is opened. */
  readonly arrange?: (stage: Stage) => Promise<void> | void;
  readonly prepare?: Step;
  /** Scrolls to what is pictured, in each look. */
  readonly frame?: (page: Page) => Promise<void>;
  /** The whole page instead of the window. */
  readonly whole?: boolean;
  /** Only this is pictured; what is around it has a picture of its own. */
  readonly part?: (page: Page) => Locator;
  /** The engine is not held back: the scene is of what becomes of it. */
  readonly engine?: boolean;
  /** What is on its way is the point of the scene. */
  readonly loading?: boolean;
  /** A sentence that is seen for a moment is the point of the scene. */
  readonly toast?: boolean;
  /** What is known to differ from one run to the next is the point of the scene, and is the same in it. */
  readonly settled?: boolean;
  /** Drawn 2,560 px wide and with forced colours as well. */
  readonly main?: boolean;
  /** One of those that tell most: compared with `npm run visual:gate`, too. */
  readonly gate?: boolean;
}

const file = (path: string): Buffer => readFileSync(createRequire(import.meta.url).resolve(path));

/** Served with the site, so that its own policy lets them in. The first lacks a few signs, which the second has. */
const FONTS = {
  'fonts/sans.woff2': 'inter-ui/variable/InterVariable.woff2',
  'fonts/mono.woff2': '@fontsource/dejavu-mono/files/dejavu-mono-latin-400-normal.woff2',
  'fonts/mono-bold.woff2': '@fontsource/dejavu-mono/files/dejavu-mono-latin-700-normal.woff2',
} as const;
const FONT_RULES = `
@font-face { font-family: 'Pictured Sans'; src: url('/fonts/sans.woff2'); font-weight: 100 900; font-display: block; }
@font-face { font-family: 'Pictured Mono'; src: url('/fonts/mono.woff2'); font-weight: 400; font-display: block; }
@font-face { font-family: 'Pictured Mono'; src: url('/fonts/mono-bold.woff2'); font-weight: 700; font-display: block; }
:root { --sans: 'Pictured Sans', 'Pictured Mono' !important; --mono: 'Pictured Mono' !important; }
code, pre, kbd { font-family: var(--mono); }
/* What is seen for a moment only, which it would be in one picture and not in the next. */
:root[data-no-toasts] output[aria-live='polite'] { display: none; }
`;

/** The machine's own fonts are left out of it: every style sheet of the site names these instead. */
function serveFonts(site: Site): void {
  for (const [path, font] of Object.entries(FONTS))
    site.breaks(new RegExp(`^${path.replaceAll('.', '\\.')}$`), instead(file(font), 'font/woff2'));
  site.breaks(/\.css$/, (path, response) => {
    const css = site
      .file(path)
      .toString()
      .replaceAll(/\bsystem-ui,\s*sans-serif/g, 'var(--sans)');
    response.writeHead(200, { 'content-type': 'text/css; charset=utf-8' }).end(`${css}${FONT_RULES}`);
    return true;
  });
  // The policy of that page lets in no fonts, as it has none.
  const gallery = site.file('embeds.html').toString().replace("default-src 'none'", "$&; font-src 'self'");
  site.breaks(/^embeds\.html$/, instead(gallery, 'text/html; charset=utf-8'));
}

/** The site with fonts, clock and storage that are the same everywhere. */
export const test = base.extend<{ stage: Stage }>({
  quiet: false,
  stage: async ({ page, site }, use) => {
    serveFonts(site);
    await page.clock.setFixedTime(new Date('2026-01-15T12:00:00Z'));
    await storageOf(page, { usage: 61e6, quota: 10e9 });
    await use({ page, site });
  },
});

/** What the browser says of the room it gives. */
export async function storageOf(page: Page, room: { readonly usage: number; readonly quota: number }): Promise<void> {
  await page.addInitScript((estimate) => {
    StorageManager.prototype.estimate = () => Promise.resolve(estimate);
  }, room);
}

/** A Hub of this machine under the Hub's own address, so that the page names what readers see. */
export async function hubWith({ page, site }: Stage, repo: string, tokens?: readonly string[]): Promise<HubServer> {
  const files = tinyLlama(site.file('models/primer/tokenizer.json'), site.file('models/primer/tokenizer_config.json'));
  const hub = await serveHub({ [repo]: { files, license: 'apache-2.0', ...(tokens ? { tokens } : {}) } });
  await page.route('https://huggingface.co/**', async (route) => {
    const { pathname, search } = new URL(route.request().url());
    const response = await route.fetch({ url: `${hub.url}${pathname}${search}` });
    await route.fulfill({ response });
  });
  page.once('close', () => void hub.close());
  return hub;
}

/** An event of the engine; what it answers carries the id of the question. */
type Said = Readonly<Record<string, unknown>> & { readonly type: string };

export interface Engine {
  /** Said once it is ready. */
  readonly news?: readonly Said[];
  /** Said to whatever is asked of it. */
  readonly answers?: readonly Said[];
  /** Instead of `ready`. */
  readonly failed?: Said;
}

const READY: Said = {
  type: 'ready',
  protocol: 1,
  backend: 'wasm',
  adapter: null,
  software: false,
  threads: 4,
  reason: 'WASM, since this browser has no graphics card for WebGPU.',
  limits: {},
  features: [],
};

/** In the engine's place, one that says what it was told to: states that a real one is in for a moment, or hardly ever. */
export function engineSays(site: Site, { news = [], answers = [], failed }: Engine): void {
  const script = `
    const say = (said, id) => self.postMessage({ ...said, ...(id === undefined ? {} : { id }) });
    self.onmessage = ({ data: { type, id } }) => {
      // The page takes a worker for dead that does not hold the lock of its name.
      if (type === 'hello') navigator.locks.request(self.name, () => {
        say(${JSON.stringify(failed ?? READY)}, id);
        for (const said of ${JSON.stringify(news)}) say(said);
        return new Promise(() => {});
      });
      if (type === 'run' || type === 'load') for (const said of ${JSON.stringify(answers)}) say(said, id);
    };`;
  site.breaks(/^assets\/engine\.worker-.*\.js$/, instead(script, 'text/javascript'));
}

/** Features whose names are on their way: these arrive with what is stored of a dictionary. */
export const unnamed = (on: Page | FrameLocator): Locator => on.locator('[class*=unnamed]').filter({ hasText: /^…$/ });

/** What this machine or this build tells of itself, and the address that a test's server happens to have. */
export const masks = (page: Page, settled: boolean): Locator[] => [
  ...(settled ? [] : [page.locator('[data-volatile]')]),
  page.getByRole('textbox', { name: 'Link' }),
  page.getByRole('dialog').locator('pre:not(details:not([open]) pre), iframe'),
];
