import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a frame told the page around it. */
export interface Told {
  readonly origin: string;
  readonly data: { readonly type: string; readonly height: number };
}

export interface HostPage {
  readonly url: string;
  close(): void;
}

export interface HostOptions {
  /** Headers of the page around, such as those that isolate it. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: an address, which is another site than that of the frames. */
  readonly name?: string;
  /** Fit each frame's height to what it tells. */
  readonly fits?: boolean;
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');

/** A page of somebody else, on another origin, with plain frames. It writes down in `window.told` what they tell it. */
export async function openHost(
  frames: readonly string[],
  { headers = {}, name = '127.0.0.1', fits = false }: HostOptions = {},
): Promise<HostPage> {
  const html = `<!doctype html><title>Somebody else’s page</title><link rel="icon" href="data:,">
    <script>
      window.told = [];
      addEventListener('message', (e) => {
        told.push({ origin: e.origin, data: e.data });
        if (!${fits}) return;
        for (const frame of document.querySelectorAll('iframe'))
          if (frame.contentWindow === e.source) frame.style.height = e.data.height + 'px';
      });
    </script>
    <p>Text around it.</p>
    ${frames.map((src) => `<iframe src="${escaped(src)}" title="embed" width="700" height="500"></iframe>`).join('\n')}`;
  const server = createServer((_, response) =>
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...headers }).end(html),
  );
  await new Promise<void>((resolve) => {
    server.listen(0, name, resolve);
  });
  return {
    url: `http://${name}:${(server.address() as AddressInfo).port}/`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
