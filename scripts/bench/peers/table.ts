import { ms, rate, ratio, table, threads } from '../table-parts.ts';
import type { PeersReport, Way } from './index.ts';

type Measured = Extract<PeersReport['ways'][number], { readonly tokens: readonly number[] }>;

const PRECISIONS = `Of onnxruntime-web’s files, q4 has int4 weights in groups of 32 and int8 activations, int8 the same with 8 bits, q8 is transformers.js’ default on WASM (int8 weights by rows, activations quantized as they come), fp32 the weights as dequantized; q4 and q8 round the weights of the GGUF once more.`;

const HOW =
  '`npm run bench -- --only peers` makes this section alone: `npm run model:add smollm2-135m` gets the model, npm and pip fetch the others into `.cache/peers`, and `VITRINE_PYTHON` names a Python with torch and transformers.';

/** The section that compares ways of running one GGUF file. Ratios say how many times as fast ours is on the most threads. */
export function peersSection(report: PeersReport | string): string {
  const title = '## A real model beside other ways to run it';
  if (typeof report === 'string') return `${title}\n\nNot measured: ${report}.`;
  const { file, promptTokens, newTokens, rounds, margins } = report;
  const measured = report.ways.flatMap((way) => ('missing' in way ? [] : [way]));
  const missing = report.ways.flatMap((way) => ('missing' in way ? [`${name(way)}: ${way.missing}`] : []));
  const ours = most(measured.filter(({ side }) => side === 'ours'));
  const reference = most(measured.filter(({ side }) => side === 'torch')) ?? ours;
  const rows = measured.map((way) => [
    name(way),
    ms(way.prefillMs),
    ours ? ratio(way.prefillMs / ours.prefillMs) : '–',
    rate(way.tokensPerSecond),
    ours ? ratio(ours.tokensPerSecond / way.tokensPerSecond) : '–',
    reference ? agreement(way, reference, margins) : '–',
  ]);
  return `${title}

${file}, greedy: a prompt of ${promptTokens} tokens until the first new token is drawn, then ${newTokens} more. All ways in turn on the same cores, the browser’s in the same Chromium, the best of ${rounds} rounds. “Ours”: how many times as fast our engine is, on as many threads as it has here. ${HOW}${measured.some(({ side }) => side === 'transformers') ? ` ${PRECISIONS}` : ''}

${rows.length > 0 ? table(['', 'prompt, ms', 'ours', 'tokens/s', 'ours', 'greedy tokens'], rows) : ''}
${[...new Set(missing)].map((line) => `Not measured: ${line}.`).join('\n')}

${ours ? goals(ours, measured) : ''}`;
}

const name = ({ label, threads: count }: Way): string => `${label}, ${threads(count)}`;
const most = (ways: readonly Measured[]): Measured | undefined => [...ways].sort((a, b) => b.threads - a.threads)[0];

/** Whether a way drew the tokens of the reference; else where they part, and how near the reference's choice was there. */
function agreement(way: Measured, reference: Measured, margins: readonly number[] | null): string {
  if (way === reference) return '–';
  const part = reference.tokens.findIndex((token, i) => way.tokens[i] !== token);
  if (part < 0) return 'the same';
  const lead = margins?.[part];
  return `part at the ${ordinal(part + 1)}${lead === undefined ? '' : `, which leads by ${lead.toFixed(2)} logits`}`;
}

const ordinal = (n: number): string => `${n}${n % 100 > 10 && n % 100 < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')}`;

/** What was asked for of our engine, and whether this run reached it. */
function goals(ours: Measured, measured: readonly Measured[]): string {
  const fastest = (side: Way['side'], of: (way: Measured) => number): Measured | undefined =>
    measured.filter((way) => way.side === side).sort((a, b) => of(b) - of(a))[0];
  const tokens = ({ tokensPerSecond }: Measured): number => tokensPerSecond;
  const torchPrompt = fastest('torch', (way) => -way.prefillMs);
  const [torch, wllama, onnx] = (['torch', 'wllama', 'transformers'] as const).map((side) => fastest(side, tokens));
  const line = (what: string, found: number, reached: boolean): string =>
    `- ${what}: ${found.toFixed(2)}×, ${reached ? 'reached' : 'missed'}.`;
  const of = (peer: Measured): number => ours.tokensPerSecond / peer.tokensPerSecond;
  const lines = [
    ...(torchPrompt
      ? [ours.prefillMs / torchPrompt.prefillMs].map((x) => line('a prompt in at most 3 times PyTorch’s time', x, x <= 3))
      : []),
    ...(torch ? [line('at least 2 times PyTorch’s tokens/s', of(torch), of(torch) >= 2)] : []),
    ...(wllama ? [line('at least 3 times wllama’s tokens/s', of(wllama), of(wllama) >= 3)] : []),
    ...(onnx ? [line('more tokens/s than onnxruntime-web’s best', of(onnx), of(onnx) > 1)] : []),
  ];
  return lines.length > 0 ? `Asked for, against the best row of each:\n\n${lines.join('\n')}` : '';
}
