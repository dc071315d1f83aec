import type { ShapeReport } from './shape.ts';
import { ms, rate, ratio, table, threads } from './table-parts.ts';

const MB = (x: number): string => (x / 1e6).toFixed(0);

/** The section on a model of SmolLM2-135M's shape. Ratios are against PyTorch on as many threads. */
export function shapeSection({ rounds, engine, torch }: ShapeReport): string {
  const peers = torch.filter((peer) => typeof peer !== 'string');
  const measured = engine.flatMap((row) => ('missing' in row ? [] : [row]));
  const rows = measured.map((row) => {
    const peer = peers.find((p) => p.threads === row.threads);
    return [
      `WASM, ${threads(row.threads)}, ${row.build.startsWith('relaxed') ? 'relaxed SIMD' : 'plain SIMD'}`,
      row.place === 'node' ? 'Node' : 'Chromium',
      rate(row.promptGflops),
      rate(row.tokenGflops),
      ms(row.prefillMs),
      peer ? ratio(row.prefillMs / peer.prefillMs) : '–',
      rate(row.tokensPerSecond),
      peer ? ratio(row.tokensPerSecond / peer.tokensPerSecond) : '–',
    ];
  });
  const torchRows = peers.map((p) => [
    `PyTorch float32, ${threads(p.threads)}`,
    '',
    '–',
    '–',
    ms(p.prefillMs),
    '1×',
    rate(p.tokensPerSecond),
    '1×',
  ]);
  const [first] = measured;
  const memory = first
    ? `Weights take ${MB(first.weightBytes)} MB, the same blocks in a GGUF file ${MB(first.fileBytes)} MB (${ratio(first.weightBytes / first.fileBytes)}).`
    : '';
  const missing = [
    ...engine.flatMap((row) => ('missing' in row ? [`WASM in ${row.place}: ${row.missing}`] : [])),
    ...torch.filter((peer) => typeof peer === 'string'),
  ];
  return `## A model of SmolLM2-135M’s shape

Random weights, int4 with minimums and an int8 embedding (Q4_1 and Q8_0), all ways in turn on the same cores, the best of ${rounds} × 5 rounds. GFLOP/s: products with a [1536, 576] matrix, 64 rows and one. Prefill: 64 tokens until the next one is drawn; tokens/s: the 32 after it, greedy.

${table(['', 'where', 'GFLOP/s, prompt', 'GFLOP/s, token', 'prefill, ms', 'of PyTorch’s time', 'tokens/s', 'of PyTorch’s rate'], [...rows, ...torchRows])}

${memory}
${[...new Set(missing)].map((line) => `Not measured: ${line}.`).join('\n')}`;
}
