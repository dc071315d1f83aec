import { describe, expect, it } from 'vitest';
import type { PeersReport } from './index.ts';
import { peersSection } from './table.ts';

const tokens = [7, 8, 9, 10];
const report: PeersReport = {
  file: 'a.gguf',
  promptTokens: 64,
  newTokens: 32,
  rounds: 9,
  margins: [4, 3, 0.125, 2],
  ways: [
    { side: 'ours', label: 'ours', threads: 1, prefillMs: 800, tokensPerSecond: 20, tokens },
    { side: 'ours', label: 'ours', threads: 2, prefillMs: 400, tokensPerSecond: 30, tokens },
    { side: 'torch', label: 'PyTorch', threads: 1, prefillMs: 160, tokensPerSecond: 12, tokens },
    { side: 'torch', label: 'PyTorch', threads: 2, prefillMs: 125, tokensPerSecond: 14, tokens },
    { side: 'wllama', label: 'wllama', threads: 2, prefillMs: 4000, tokensPerSecond: 11, tokens: [7, 8, 1, 2] },
    { side: 'transformers', label: 'ort, q4', threads: 2, prefillMs: 600, tokensPerSecond: 30, tokens: [1] },
    { side: 'transformers', label: 'ort, fp32', threads: 2, missing: 'out of memory' },
  ],
};

describe('the section of a real model beside other ways to run it', () => {
  const text = peersSection(report);

  it('has a row per way, with ratios of ours on the most threads', () => {
    expect(text).toContain('| ours, 1 thread | 800 | 2.0× | 20 | 1.5× | the same |');
    expect(text).toContain('| ours, 2 threads | 400 | 1.0× | 30 | 1.0× | the same |');
    expect(text).toContain('| PyTorch, 2 threads | 125 | 0.3× | 14 | 2.1× | – |');
    expect(text).toContain('Not measured: ort, fp32, 2 threads: out of memory.');
    expect(text).toContain('the best of 9 rounds');
  });

  it('says where tokens part, and by how much the reference’s led there', () => {
    expect(text).toContain('| wllama, 2 threads | 4000 | 10.0× | 11 | 2.7× | part at the 3rd, which leads by 0.13 logits |');
    expect(text).toContain('| part at the 1st, which leads by 4.00 logits |');
    const without = peersSection({ ...report, margins: null, ways: report.ways.filter(({ side }) => side !== 'torch') });
    expect(without).toContain('| wllama, 2 threads | 4000 | 10.0× | 11 | 2.7× | part at the 3rd |');
  });

  it('says what was asked for and missed, against the best row of each', () => {
    expect(text).toContain('- a prompt in at most 3 times PyTorch’s time: 3.20×, missed.');
    expect(text).toContain('- at least 2 times PyTorch’s tokens/s: 2.14×, reached.');
    expect(text).toContain('- at least 3 times wllama’s tokens/s: 2.73×, missed.');
    // As fast is not ahead.
    expect(text).toContain('- more tokens/s than onnxruntime-web’s best: 1.00×, missed.');
  });

  it('says why there is none', () => {
    expect(peersSection('no model')).toContain('Not measured: no model.');
    expect(peersSection({ ...report, ways: [] })).not.toMatch(/NaN|undefined|Infinity/);
    expect(text).not.toMatch(/NaN|undefined/);
  });
});
