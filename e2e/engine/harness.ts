import { spawnSync } from 'node:child_process';
import type { Page } from '@playwright/test';
import { PROTOCOL_VERSION, type BackendChoice, type Event, type Ready, type Request } from '../../core/protocol/messages.ts';
import type { ExperimentSpec } from '../../core/spec/index.ts';
import { workerAsset, DIST } from '../../scripts/chromium-engine/index.ts';
import { pageWorker } from '../../scripts/chromium-engine/bridge.ts';
import type { RunLine } from '../../scripts/cli/output.ts';
import { BLANK, blankPage } from '../../scripts/lib/blank-page.ts';
import { serveFolder, type StaticServer, type StaticServerOptions } from '../../scripts/lib/static-server.ts';

/** The built worker in a page, spoken to in raw protocol messages. */
export interface RawEngine {
  readonly server: StaticServer;
  /** Everything that the worker posted. */
  readonly events: readonly Event[];
  /** What the page complained about: policy violations, errors, missing files. */
  readonly complaints: readonly string[];
  post(request: Request): void;
  /** The next event (or one that came already) that fits. */
  wait<T extends Event['type']>(type: T, id?: string): Promise<Extract<Event, { type: T }>>;
  close(): Promise<void>;
}

export type ServerChoice = Omit<StaticServerOptions, 'folder'>;

export async function openRaw(page: Page, choice: ServerChoice = {}): Promise<RawEngine> {
  const blank = blankPage(DIST);
  const server = await serveFolder({
    ...choice,
    folder: DIST,
    intercept: async (path, response) => (await blank(path, response)) || ((await choice.intercept?.(path, response)) ?? false),
  });
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || /content security policy|refused/i.test(message.text())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(server.url) && !/^(blob|data):/.test(request.url())) complaints.push(`asked ${request.url()}`);
  });
  await page.goto(`${server.url}${BLANK}`);
  const worker = await pageWorker(page, `${server.url}${workerAsset()}`);
  const events: Event[] = [];
  let changed: (() => void)[] = [];
  const tell = (): void => {
    const now = changed;
    changed = [];
    for (const listener of now) listener();
  };
  worker.addEventListener('message', ({ data }) => {
    events.push(data as Event);
    tell();
  });
  worker.addEventListener('error', (event) => {
    complaints.push(`worker: ${(event as { message?: string }).message ?? 'error'}`);
    tell();
  });
  return {
    server,
    events,
    complaints,
    post: (request) => worker.postMessage(request),
    async wait(type, id) {
      for (;;) {
        const found = events.find((event) => event.type === type && (id === undefined || ('id' in event && event.id === id)));
        if (found) return found as never;
        const failed = events.find((event) => event.type === 'failed' && (id === undefined || event.id === id));
        if (failed?.type === 'failed') throw new Error(`${failed.id} failed: ${failed.error.code}: ${failed.error.message}`);
        if (complaints.some((line) => line.startsWith('worker: '))) throw new Error(complaints.join('\n'));
        await new Promise<void>((resolve) => changed.push(resolve));
      }
    },
    close: () => server.close(),
  };
}

export async function hello(engine: RawEngine, backend: BackendChoice): Promise<Ready> {
  const { url } = engine.server;
  engine.post({ type: 'hello', id: 'hello', protocol: PROTOCOL_VERSION, backend, base: url, commit: 'e2e' });
  return engine.wait('ready', 'hello');
}

/** The same experiment by the command line in Node. */
export function commandLine(spec: ExperimentSpec, ...options: readonly string[]): Extract<RunLine, { ok: true }> {
  const { stdout, stderr } = spawnSync('node', ['scripts/vitrine.mjs', 'run', '-', ...options], {
    input: JSON.stringify(spec),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const line = JSON.parse(stdout) as RunLine;
  if (!line.ok) throw new Error(`${line.error.code}: ${line.error.message}\n${stderr}`);
  return line;
}
