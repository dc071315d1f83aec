import base from './vitest.config.ts';

/** `npm run test:models`: packaged models against transformers, where `npm run model:add` has put them. Minutes, not seconds. */
export default {
  ...base,
  test: {
    ...base.test,
    include: ['workers/golden/real-models.test.ts', 'workers/golden/*.models.test.ts'],
    exclude: ['node_modules/**'],
    testTimeout: 3_600_000,
    hookTimeout: 600_000,
  },
};
