import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../lib/root.ts';
import { NEW_TOKENS, type Workload } from './measure.ts';

export interface TorchMeasured {
  readonly threads: number;
  readonly forwardAndSaesMs: number;
  readonly tokensPerSecond: number;
}

/** PyTorch on the same prompt, weights and dictionaries; else one sentence that says why not. */
export function measureTorch(workload: Workload, threads: number): TorchMeasured | string {
  const python = process.env['VITRINE_PYTHON'] ?? 'python3';
  const { status, stdout, stderr, error } = spawnSync(
    python,
    [join(ROOT, 'e2e/bench/torch_baseline.py'), join(ROOT, 'public'), String(threads)],
    {
      input: JSON.stringify({ ...workload, newTokens: NEW_TOKENS }),
      encoding: 'utf8',
      env: { ...process.env, OMP_WAIT_POLICY: 'PASSIVE' },
    },
  );
  if (error) return `${python} does not start (${error.message}); VITRINE_PYTHON may name a Python with torch and transformers`;
  if (status !== 0) {
    const why = stderr.trim().split('\n').at(-1) ?? 'no message';
    return `${python} could not measure PyTorch (${why}); VITRINE_PYTHON may name a Python with torch and transformers`;
  }
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as TorchMeasured;
}
