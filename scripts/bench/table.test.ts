import { describe, expect, it } from 'vitest';
import type { Report } from './index.ts';
import { median } from './median.ts';
import { markdownTable } from './table.ts';

const report: Report = {
  time: '2026-01-02T03:04:05.000Z',
  commit: 'abc',
  machine: { cpu: 'a CPU', cores: 2, node: 'v22.0.0', load: 3.21 },
  workload: { ids: [0, 1, 2], saes: ['blocks.2.hook_resid_post'] },
  embed: {
    before: { bytes: 1_200_000, zipped: 400_000 },
    run: { bytes: 6_000_000, zipped: 4_000_000 },
    second: { bytes: 700_000, zipped: 200_000 },
  },
  page: { firstPaintMs: 12.34, firstPictureMs: 234.5, bytes: 1_500_000 },
  engine: [
    {
      place: 'chromium',
      backend: 'wasm',
      adapter: null,
      threads: 2,
      startMs: 1,
      loadMs: 2,
      weightBytes: 3,
      firstFeaturesMs: 400,
      featuresMs: 50.06,
      exploreMs: 600.4,
      dashboards: { firstMs: 90.04, laterMs: 20 },
      deviceBytes: null,
      tokensPerSecond: 9.94,
      search: { dictionaries: 12, firstMs: 1234.5, laterMs: 56.7, firstSiteMs: 12.3, tokenMs: 45 },
      steering: { firstTokenMs: 123.4, steeredPerSecond: 45.6, defaultPerSecond: 7.89 },
    },
    { place: 'node', backend: 'webgpu', missing: 'no Vulkan' },
  ],
  torch: [{ threads: 1, forwardAndSaesMs: 7, tokensPerSecond: 80 }, 'python3 does not start'],
  shape: {
    rounds: 3,
    engine: [
      {
        place: 'chromium',
        threads: 2,
        build: 'relaxed-threads',
        promptGflops: 61.2,
        tokenGflops: 20.04,
        prefillMs: 400,
        prefillMedianMs: 450,
        tokensPerSecond: 44,
        tokensPerSecondMedian: 40,
        weightBytes: 120e6,
        fileBytes: 100e6,
      },
      { place: 'node', missing: 'no threads' },
    ],
    torch: [{ threads: 2, prefillMs: 200, tokensPerSecond: 11 }, 'no torch'],
  },
  peers: 'the model is not here',
};

describe('the table of the benchmark', () => {
  it('has a row per backend and says what was not measured', () => {
    const text = markdownTable(report);
    expect(text).toContain('| wasm, 2 threads | Chromium | 1.0 | 2.0 | 400 | 50.1 | 600 | 90.0 | 20.0 | 9.9 |');
    expect(text).toContain('| wasm | Chromium | 123 | 46 | 7.9 |');
    expect(text).toContain('| wasm | Chromium | 1235 | 56.7 | 12.3 | 45.0 |');
    expect(text).toContain('over 12 dictionaries');
    expect(text).toContain('Not measured: webgpu in node: no Vulkan.');
    expect(text).toContain('| PyTorch | 1 thread | 7.0 | 80 |');
    expect(text).toContain('Not measured: python3 does not start.');
    expect(text).toContain('load average 3.2 on 2 cores');
    expect(text).toContain('| WASM, 2 threads, relaxed SIMD | Chromium | 61 | 20 | 400 | 2.0× | 44 | 4.0× |');
    expect(text).toContain('| PyTorch float32, 2 threads |  | – | – | 200 | 1× | 11 | 1× |');
    expect(text).toContain('Weights take 120 MB, the same blocks in a GGUF file 100 MB (1.2×).');
    expect(text).toContain('Not measured: WASM in node: no threads.');
    expect(text).toContain('Not measured: no torch.');
    expect(text).toContain('Not measured: the model is not here.');
    expect(text).toContain('1.5 MB');
    expect(text).not.toMatch(/NaN|undefined|\n{3}/);
  });

  it('takes medians', () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2])]).toEqual([2, 2.5]);
  });
});
