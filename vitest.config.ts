import { defineConfig } from 'vitest/config';

export default defineConfig({
  // tfjs' ESM build, so that tfjs-core and its gradient registry are one copy; tests in Node resolve as for a server.
  resolve: { mainFields: ['module', 'main'] },
  ssr: { resolve: { mainFields: ['module', 'main'] } },
  test: {
    environment: 'node',
    include: ['{core,workers,labs,scripts,app}/**/*.test.{ts,tsx}'],
    // `npm run test:models` runs them: they need models that are not in git.
    exclude: ['**/node_modules/**', 'workers/golden/real-models.test.ts', '**/*.models.test.ts'],
    server: { deps: { inline: [/@tensorflow/] } },
    pool: 'forks',
    // Most of the time goes into compiling shaders for the emulated graphics card, which takes one core.
    maxWorkers: '100%',
    setupFiles: ['vitest.setup.ts'],
    // Only a test that hangs should meet it: an emulated graphics card on two busy cores takes a minute for what takes five seconds.
    testTimeout: 240_000,
    hookTimeout: 120_000,
  },
});
