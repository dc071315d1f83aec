import { join } from 'node:path';
import { ROOT } from '../lib/root.ts';
import { NEW_TOKENS, type Workload } from './measure.ts';
import { askPython } from './python.ts';

export interface TorchMeasured {
  readonly threads: number;
  readonly forwardAndSaesMs: number;
  readonly tokensPerSecond: number;
}

/** PyTorch on the same prompt, weights and dictionaries; else one sentence that says why not. */
export function measureTorch(workload: Workload, threads: number): TorchMeasured | string {
  return askPython('torch_baseline.py', [join(ROOT, 'public'), String(threads)], { ...workload, newTokens: NEW_TOKENS });
}
