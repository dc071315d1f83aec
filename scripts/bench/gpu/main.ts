/**
 * Kernels on the machine's graphics card, through Dawn in Node: gemv against memory bandwidth, gemm against peak, prefill and
 * decoding at SmolLM2-135M's shape with random weights (no download). The driver is Vulkan's; `VK_DRIVER_FILES` names its
 * ICD, for NVIDIA usually /usr/share/vulkan/icd.d/nvidia_icd.json. Prints a table in Markdown, or JSON with `--json`.
 * `--bandwidth GB/s` and `--peak TFLOP/s` of the card add shares of them; `--quick` runs everything once, on few layers.
 */
import { parseArgs } from 'node:util';
import { plainParts } from '../../../core/model-config.ts';
import type { FewRows, ManyRows } from '../../../workers/kernels/dequant-matmul/choice.ts';
import { installNodeWebGpu, nodeWasmPaths } from '../../node-engine/backends.ts';
import { commit } from '../../lib/commit.ts';
import type { MatmulRow, ModelRow } from './measure.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    bandwidth: { type: 'string' },
    peak: { type: 'string' },
  },
});
const missing = await installNodeWebGpu();
if (missing !== null) {
  process.stderr.write(`${missing}\n`);
  process.exit(1);
}
// tfjs looks for `navigator.gpu` when it is imported, so it comes in only now.
const { openDevice } = await import('../../../workers/runtime/device.ts');
const { FLAT, matmulChoice, setMatmulChoice } = await import('../../../workers/kernels/dequant-matmul/choice.ts');
const { tuneMatmul } = await import('../../../workers/kernels/dequant-matmul/tuning.ts');
const { measureMatmul, measureModel, measureRoundTrip } = await import('./measure.ts');
const { SMOLLM2, someWeights } = await import('./weights.ts');
const { disposeWeights, weightBytes } = await import('../../../workers/model/weights.ts');

const errors = new Set<string>();
const device = await openDevice('webgpu', { wasmPaths: nodeWasmPaths(), onError: (message) => errors.add(message) });
const chosen = matmulChoice();
const from = performance.now();
const tuned = await tuneMatmul(device);
const tuning = performance.now() - from;

const few: FewRows[] = ['flat', 'gemv-8', 'gemv-32', ...(device.features.includes('subgroups') ? (['subgroup'] as const) : [])];
const many: ManyRows[] = ['flat', 'gemm-32', 'gemm-64'];
const matmuls: MatmulRow[] = [];
for (const bits of [4, 8] as const) {
  for (const [n, k] of [
    [1536, 576],
    [576, 1536],
    [49_152, 576],
  ] as const)
    for (const shader of few) matmuls.push(await measureMatmul(1, n, k, bits, { ...FLAT, few: shader }, values.quick));
  for (const m of values.quick ? [64] : [64, 256])
    for (const shader of many) matmuls.push(await measureMatmul(m, 1536, 576, bits, { ...FLAT, many: shader }, values.quick));
}
setMatmulChoice(device.software ? chosen : tuned);
const layers = values.quick ? 4 : SMOLLM2.nLayers;
const config = { ...SMOLLM2, ...plainParts(layers), nLayers: layers };
const models: (ModelRow & { readonly bytes: number })[] = [];
for (const bits of [4, 8] as const) {
  const weights = someWeights(config, bits);
  for (const fused of [true, false])
    models.push({
      ...(await measureModel(weights, config, bits, fused, values.quick ? 32 : 256, values.quick ? 4 : 64)),
      bytes: weightBytes(weights),
    });
  disposeWeights(weights);
}
const roundTrip = await measureRoundTrip();
const report = {
  commit: commit(),
  adapter: device.adapter,
  features: device.features,
  tuned,
  tuning,
  layers,
  roundTrip,
  matmuls,
  models,
  errors: [...errors],
};
process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : markdown());
process.exit(errors.size > 0 ? 1 : 0);

function share(value: number, of: string | undefined, scale: number): string {
  return of === undefined ? '' : ` (${((value / (Number(of) * scale)) * 100).toFixed(0)} %)`;
}

function markdown(): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  const rule = (n: number): string => line(Array.from({ length: n }, () => '---'));
  return [
    `${String(report.adapter)}${device.software ? ', emulated on the CPU: its times say nothing about a graphics card' : ''}; ${device.features.join(', ')}; commit ${report.commit}.`,
    `Chosen by measuring for ${tuning.toFixed(0)} ms: ${tuned.few} for few rows, ${tuned.many} for many${device.software ? ` (a software adapter takes ${chosen.few} without measuring)` : ''}. A read of 16 bytes takes ${roundTrip.toFixed(2)} ms.`,
    '',
    line(['rows × k → n', 'bits', 'shader', 'ms', 'GB/s of weights', 'GFLOP/s']),
    rule(6),
    ...matmuls.map((r) =>
      line([
        r.shape,
        r.bits,
        r.shader,
        r.ms.toFixed(3),
        `${r.gigabytes.toFixed(1)}${share(r.gigabytes, values.bandwidth, 1)}`,
        `${r.gigaflops.toFixed(1)}${share(r.gigaflops, values.peak, 1e3)}`,
      ]),
    ),
    '',
    `SmolLM2-135M’s shape, ${layers} of ${SMOLLM2.nLayers} layers, random weights:`,
    '',
    line([
      'bits',
      'blocks',
      'weights, MB',
      'prefill, tokens/s',
      'decoding, tokens/s',
      'own dispatches per token',
      'handing over one token, ms',
    ]),
    rule(7),
    ...models.map((r) =>
      line([
        r.bits,
        r.path,
        (r.bytes / 1e6).toFixed(1),
        r.prefill.toFixed(1),
        r.decode.toFixed(2),
        r.dispatches.toFixed(0),
        r.enqueue.toFixed(2),
      ]),
    ),
    '',
  ].join('\n');
}
