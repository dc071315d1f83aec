import corpus from '../../core/share/testdata/hostile-links.json' with { type: 'json' };
import { complaintsOf, expect, test } from './harness.ts';
import { ask, errorNotice, expectLive, expectRecorded, expectTokens, IOI, OTHER, promptBox } from './reader.ts';

test.describe('the content security policy', () => {
  // What it refuses is complained of.
  test.use({ quiet: false });

  test('runs no script that somebody puts into the page, and sends nothing elsewhere', async ({ page, site }) => {
    const violations: string[] = [];
    await page.exposeFunction('violated', (directive: string) => void violations.push(directive));
    await page.addInitScript(() =>
      document.addEventListener('securitypolicyviolation', (event) => {
        (window as unknown as { violated(directive: string): void }).violated(event.effectiveDirective);
      }),
    );
    await page.goto(site.url);
    await expectRecorded(page);
    const ran = await page.evaluate(async () => {
      const inline = document.createElement('script');
      inline.textContent = 'window.ran = "an inline script"';
      document.body.append(inline);
      const handler = document.createElement('div');
      handler.innerHTML = '<img src="data:,x" onerror="window.ran = \'a handler in markup\'">';
      document.body.append(handler);
      const data = document.createElement('script');
      data.src = 'data:text/javascript,window.ran = "a data address"';
      document.body.append(data);
      const link = document.createElement('a');
      link.href = 'javascript:window.ran = "a javascript address"';
      document.body.append(link);
      link.click();
      const elsewhere = await fetch('https://example.org/').then(
        () => 'sent',
        () => 'refused',
      );
      await new Promise((resolve) => setTimeout(resolve, 500));
      return { ran: (window as { ran?: string }).ran ?? null, elsewhere };
    });
    expect(ran).toEqual({ ran: null, elsewhere: 'refused' });
    for (const directive of ['script-src-elem', 'script-src-attr', 'connect-src'])
      await expect.poll(() => violations).toContain(directive);
  });

  test('stands in the built page before anything that it governs, with nothing unsafe but what WASM and styles need', async ({
    site,
  }) => {
    const html = site.file('index.html').toString();
    const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1]?.replaceAll('&#39;', "'") ?? '';
    expect(html.indexOf('Content-Security-Policy')).toBeLessThan(html.indexOf('<script'));
    expect(html).not.toMatch(/<script(?![^>]*src=)[^>]*>/);
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("object-src 'none'");
    expect(policy.replace("'wasm-unsafe-eval'", '').replace("style-src 'self' 'unsafe-inline'", '')).not.toContain('unsafe');
    // The Hub, for models that a reader has confirmed, and no other host.
    const hub = 'https://huggingface.co https://*.huggingface.co https://*.hf.co';
    expect(policy).toContain(`connect-src 'self' ${hub};`);
    expect(policy.replace(hub, '')).not.toMatch(/\*|https?:/);
  });
});

test.describe('a link', () => {
  test.use({ quiet: false });

  test('that means harm is said to be damaged or lead nowhere: nothing is downloaded, no markup runs', async ({
    page,
    site,
    context,
  }) => {
    test.slow();
    const complaints = complaintsOf(context, site);
    let asked = 0;
    page.on('dialog', (dialog) => {
      asked++;
      void dialog.dismiss();
    });
    await page.goto(`${site.url}#/models`);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Models');
    for (const { link } of corpus) {
      await page.evaluate((hash) => (location.hash = hash), link);
      await expect(page.getByRole('main')).toBeVisible();
      expect(await page.locator('main img, main script, main svg[onload]').count()).toBe(0);
    }
    expect(asked).toBe(0);
    // It is the same page still, and works.
    await page.goto(`${site.url}#/lab/explore`);
    await expectLive(page);
    // A file that this site lacks is no harm; an address elsewhere, an error or a refused script would be.
    expect(complaints.filter((line) => !line.includes('status of 404'))).toEqual([]);
  });
});

test.describe('storage that is full', () => {
  test.use({ quiet: false });

  test('everything works, and the models page says why nothing more can be kept', async ({ page, site, context }) => {
    test.slow();
    const session = await context.newCDPSession(page);
    await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(site.url).origin, quotaSize: 4_096 });
    await page.addInitScript(() => {
      try {
        for (let i = 0; i < 20; i++) localStorage.setItem(`full-${i}`, 'x'.repeat(600_000));
      } catch {
        try {
          for (let i = 0; ; i++) localStorage.setItem(`fuller-${i}`, 'x'.repeat(1_000));
        } catch {
          // Now it is full.
        }
      }
    });
    await page.goto(site.url);
    await expectLive(page);
    await expectTokens(page, IOI);
    await ask(page, OTHER);
    await page.reload();
    await expect(promptBox(page)).toHaveValue(OTHER);
    await expectLive(page);
    await page.goto(`${site.url}#/models`);
    await page.getByRole('button', { name: /^Keep everything for use offline/ }).click();
    await expect(errorNotice(page)).toContainText('The browser’s storage is full');
    await page.goto(`${site.url}#/lab/explore`);
    await ask(page, IOI);
  });
});

test('ten tabs at once: each shows its own picture, and none asks for the weights twice', async ({ context, site }) => {
  test.setTimeout(480_000);
  const texts = Array.from({ length: 10 }, (_, i) => `The war lasted from the year 17${10 + i} to the year 17`);
  const tabs = await Promise.all(
    texts.map(async (_, i) => {
      const tab = await context.newPage();
      await tab.goto(`${site.url}#/${i % 2 === 0 ? 'lab/explore' : ''}`);
      return tab;
    }),
  );
  for (const [i, tab] of tabs.entries()) {
    await expectLive(tab);
    await ask(tab, texts[i] ?? '');
  }
  // They stay as they were while the others worked.
  for (const [i, tab] of tabs.entries()) await expectTokens(tab, texts[i] ?? '');
  await tabs[0]?.close();
  const [, second] = tabs;
  if (second) await ask(second, IOI);
});
