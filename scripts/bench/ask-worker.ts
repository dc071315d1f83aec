import { launchChromium } from '../chromium-engine/index.ts';
import { serveFolder, type StaticServerOptions } from '../lib/static-server.ts';

const BLANK = 'blank.html';

/**
 * Asks a worker (`e2e/bench/answer.ts`) of an isolated page in a fresh Chromium for a measurement.
 * @param worker its file below what is served
 * @param task   gets the address of what is served, which ends in `/`
 */
export async function askWorker<T>(
  folder: StaticServerOptions['folder'],
  worker: string,
  task: (url: string) => unknown,
  intercept?: StaticServerOptions['intercept'],
): Promise<T> {
  const server = await serveFolder({
    folder,
    isolated: true,
    async intercept(path, response) {
      if (path !== BLANK) return (await intercept?.(path, response)) ?? false;
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>bench</title>');
      return true;
    },
  });
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.goto(`${server.url}${BLANK}`);
    const answer = await page.evaluate(
      ([url, message]) =>
        new Promise<{ measured?: unknown; error?: string }>((resolve) => {
          const worker = new Worker(url, { type: 'module' });
          worker.addEventListener('error', (event) => resolve({ error: event.message }));
          worker.addEventListener(
            'message',
            ({ data }: MessageEvent<{ ready?: boolean; measured?: unknown; error?: string }>) => {
              if (data.ready) worker.postMessage(message);
              else resolve(data);
            },
          );
        }),
      [`${server.url}${worker}`, task(server.url)] as const,
    );
    if (answer.measured === undefined) throw new Error(answer.error ?? 'no answer');
    return answer.measured as T;
  } finally {
    await browser.close();
    await server.close();
  }
}
