import { defineConfig, devices, type PlaywrightTestConfig } from '@playwright/test';
import { CHROMIUM_FLAGS, PICTURE_FLAGS, systemChromium } from './scripts/lib/chromium.ts';

const PORT = 4199;
const executablePath = systemChromium();
const launchOptions = executablePath === null ? {} : { executablePath };

const config: PlaywrightTestConfig = defineConfig({
  testDir: 'e2e',
  testMatch: '**/*.spec.ts',
  outputDir: 'test-results',
  snapshotPathTemplate: '{testDir}/{testFileDir}/{testFileName}-snapshots/{arg}{ext}',
  // Two files at a time, each in a Chromium of its own: much of a test is waiting. The gate has time, and takes them one by one.
  // A test that passes only sometimes is a failure.
  workers: process.env['CI'] ? 1 : 2,
  retries: 0,
  fullyParallel: false,
  forbidOnly: Boolean(process.env['CI']),
  reporter: 'list',
  timeout: 120_000,
  expect: {
    timeout: 20_000,
    // Another version of Chromium rounds the edges of letters differently; anything that moves, is missing or has another colour is more.
    toHaveScreenshot: { animations: 'disabled', caret: 'hide', threshold: 0.2, maxDiffPixelRatio: 0.0002 },
  },
  use: {
    ...devices['Desktop Chrome'],
    baseURL: `http://localhost:${PORT}/`,
    viewport: { width: 1280, height: 800 },
    launchOptions: { ...launchOptions, args: [...CHROMIUM_FLAGS] },
    // A page that answers from its own cache would hide what a server does to it; `offline.spec.ts` allows them.
    serviceWorkers: 'block',
    trace: 'retain-on-failure',
  },
  // The built site, built now if a source is newer.
  webServer: {
    command: `npx tsx scripts/start.ts`,
    env: { PORT: String(PORT) },
    url: `http://localhost:${PORT}/`,
    timeout: 180_000,
    reuseExistingServer: false,
  },
  projects: [
    { name: 'engine', testDir: 'e2e/engine' },
    { name: 'flows', testDir: 'e2e/flows' },
    { name: 'a11y', testDir: 'e2e/a11y' },
    // `npm run test:models`: models that `npm run model:add` has put here.
    ...(process.env['MODELS'] ? [{ name: 'models', testDir: 'e2e/models' }] : []),
    // `npm run visual` compares every scene, `VISUAL=gate` those that tell most (`e2e/visual/README.md`).
    ...(process.env['VISUAL']
      ? [
          {
            name: 'visual',
            testDir: 'e2e/visual',
            ...(process.env['VISUAL'] === 'gate' ? { grep: /@gate/ } : {}),
            // Letters are drawn the same whatever this machine's font settings are.
            use: { launchOptions: { ...launchOptions, args: [...CHROMIUM_FLAGS, ...PICTURE_FLAGS] }, trace: 'off' as const },
          },
        ]
      : []),
  ],
});

export default config;
