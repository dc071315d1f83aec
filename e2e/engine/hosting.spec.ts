import { expect, test } from '@playwright/test';
import { DIST } from '../../scripts/chromium-engine/index.ts';
import { serveFolder } from '../../scripts/lib/static-server.ts';

/** Folder of the built site; `E2E_SITE` names another build. */
const FOLDER = process.env['E2E_SITE'] ?? DIST;

for (const { host, isolated, prefix } of [
  { host: 'a host that sends no headers, under a sub-path', isolated: false, prefix: '/people/someone/vitrine/' },
  { host: 'a host that isolates the page', isolated: true, prefix: '/' },
]) {
  test(`the built site works on ${host}`, async ({ page }) => {
    const server = await serveFolder({ folder: FOLDER, isolated, prefix });
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith(server.url) && !/^(blob|data):/.test(request.url()))
        complaints.push(`asked ${request.url()}`);
    });
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) =>
        console.error(`policy: ${event.violatedDirective} refused ${event.blockedURI}`),
      );
    });
    await page.goto(`${server.url}#/lab/explore`);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(isolated);
    // The engine runs under the page's content security policy, on threads where the page is isolated.
    await expect(page.getByText(/^Live: .* on WASM/).first()).toBeVisible({ timeout: 60_000 });
    expect(server.requests.some((path) => path.includes('threaded-simd'))).toBe(isolated);
    // So do our own kernels, whose pool shares memory with the engine's worker.
    expect(server.requests.filter((path) => /(?:plain|relaxed)(?:-threads)?-[\w-]+\.wasm$/.test(path))).toEqual([
      expect.stringMatching(isolated ? /relaxed-threads/ : /relaxed-(?!threads)/),
    ]);
    expect(server.requests.some((path) => path.includes('thread.worker'))).toBe(isolated);
    expect(complaints).toEqual([]);
    expect(server.requests.filter((path) => !path.startsWith(prefix))).toEqual([]);
    await server.close();
  });
}
