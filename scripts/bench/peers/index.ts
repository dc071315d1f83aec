import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { ServerResponse } from 'node:http';
import { basename, dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { PeerMeasured, PeerTask } from '../../../e2e/bench/peers/task.ts';
import { ggufTokenizer } from '../../../workers/tokenizer/gguf.ts';
import { readGgufHeader } from '../../../workers/weights/gguf/header.ts';
import { complain } from '../../cli/io.ts';
import { ROOT } from '../../lib/root.ts';
import { openDiskFile } from '../../node-engine/file-source.ts';
import { askWorker } from '../ask-worker.ts';
import { buildWorker } from '../build-worker.ts';
import { askPython } from '../python.ts';
import { findModel, installPackages, makeOnnx, MODEL, PEERS_FOLDER, pinned, type RealModel } from './setup.ts';

export const SIDES = ['ours', 'torch', 'wllama', 'transformers'] as const;
export type Side = (typeof SIDES)[number];

export interface Way {
  readonly side: Side;
  readonly label: string;
  readonly threads: number;
  /** Of the ONNX files. */
  readonly precision?: string;
}

export interface PeersReport {
  /** Name of the GGUF file. */
  readonly file: string;
  readonly promptTokens: number;
  readonly newTokens: number;
  /** Each way's, of which the best counts. */
  readonly rounds: number;
  readonly ways: readonly (Way & (PeerMeasured | { readonly missing: string }))[];
  /** By how many logits PyTorch's greedy tokens led the second ones; null where PyTorch was not measured. */
  readonly margins: readonly number[] | null;
}

const PROMPT = 64;
const NEW_TOKENS = 32;
/** In a page or a Python, after one that warms up. */
const ROUNDS = 3;
const WORKER = 'peer.worker.js';
const IN_PAGE: readonly Side[] = ['ours', 'wllama', 'transformers'];

/**
 * The same GGUF file through our engine, wllama and onnxruntime-web in the same Chromium, and through PyTorch: all in turn, some
 * rounds, each in a browser or process of its own, and the best of each.
 * @param only one side of the comparison
 */
export async function measurePeers(rounds: number, only: Side | null = null): Promise<PeersReport | string> {
  const model = await findModel();
  if (typeof model === 'string') return model;
  const ids = await promptOf(PROMPT);
  const prompt: Prompt = { ids, text: await textOf(model, ids) };
  const measured = new Map<Way, PeerMeasured | { readonly missing: string }>();
  let margins: readonly number[] | null = null;
  const packages = only === 'ours' || only === 'torch' ? 'not asked for' : installPackages();
  const onnx = packages === null && only !== 'wllama' ? makeOnnx(model) : { missing: packages ?? 'not asked for' };
  for (const side of IN_PAGE.filter((name) => only === null || name === only))
    await buildWorker(`e2e/bench/peers/${side}.worker.ts`, join(PEERS_FOLDER, 'workers', side), WORKER);
  const asked = ways().filter(({ side }) => only === null || side === only);
  for (let round = 0; round < rounds; round++) {
    for (const way of asked) {
      complain(`${way.label}, ${way.threads} thread${way.threads === 1 ? '' : 's'}`);
      const before = measured.get(way);
      if (before && 'missing' in before) continue;
      const now = await measureWay(way, model, prompt, packages, onnx).catch((error: unknown) => ({
        missing: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error),
      }));
      if ('margins' in now) margins = now.margins;
      measured.set(way, before && !('missing' in now) ? better(before, now) : (before ?? now));
    }
  }
  return {
    file: basename(model.file),
    promptTokens: ids.length,
    newTokens: NEW_TOKENS,
    rounds: rounds * ROUNDS,
    ways: [...measured].map(([way, result]) => ({ ...way, ...result })),
    margins,
  };
}

function ways(): readonly Way[] {
  const cores = Math.min(2, availableParallelism());
  const versions = pinned();
  const transformers = `onnxruntime-web (transformers.js ${versions['@huggingface/transformers'] ?? ''})`;
  return [
    ...[...new Set([1, cores])].map((threads): Way => ({ side: 'ours', label: 'ours, WASM', threads })),
    ...[...new Set([1, cores])].map((threads): Way => ({ side: 'torch', label: 'PyTorch, float32', threads })),
    { side: 'wllama', label: `wllama ${versions['@wllama/wllama'] ?? ''}`, threads: cores },
    ...['q4', 'int8', 'q8', 'fp32'].map((precision): Way => ({
      side: 'transformers',
      label: `${transformers}, ${precision}`,
      threads: cores,
      precision,
    })),
  ];
}

type TorchMeasured = PeerMeasured & { readonly margins: readonly number[] };

async function measureWay(
  way: Way,
  model: RealModel,
  prompt: Prompt,
  packages: string | null,
  onnx: string | { readonly missing: string },
): Promise<PeerMeasured | TorchMeasured | { readonly missing: string }> {
  const task = { threads: way.threads, prompt: prompt.ids, text: prompt.text, newTokens: NEW_TOKENS, rounds: ROUNDS };
  switch (way.side) {
    case 'ours':
      return inPage(way.side, model, (url) => ({ ...task, model: `${url}${basename(model.file)}`, packages: '' }));
    case 'torch': {
      const answer = askPython<TorchMeasured>('peers/torch_real.py', [model.file, String(way.threads)], task);
      return typeof answer === 'string' ? { missing: answer } : answer;
    }
    case 'wllama':
      if (packages !== null) return { missing: packages };
      return inPage(way.side, model, (url) => ({
        ...task,
        model: `${url}${basename(model.file)}`,
        packages: `${url}node_modules/`,
      }));
    case 'transformers':
      if (typeof onnx !== 'string') return onnx;
      return inPage(way.side, model, (url) => ({
        ...task,
        model: `${url}${onnx}/`,
        packages: `${url}node_modules/`,
        ...(way.precision === undefined ? {} : { precision: way.precision }),
      }));
  }
}

const inPage = (side: Side, { file }: RealModel, task: (url: string) => PeerTask): Promise<PeerMeasured> =>
  askWorker([PEERS_FOLDER, dirname(file)], `workers/${side}/${WORKER}`, task, sendModule);

/** Modules of packages, with the type that browsers ask of them. */
async function sendModule(path: string, response: ServerResponse): Promise<boolean> {
  if (!path.endsWith('.mjs')) return false;
  response.writeHead(200, { 'content-type': 'text/javascript' }).end(await readFile(join(PEERS_FOLDER, path)));
  return true;
}

interface Prompt {
  readonly ids: readonly number[];
  readonly text: string;
}

async function textOf({ file }: RealModel, ids: readonly number[]): Promise<string> {
  const { metadata } = await readGgufHeader(await openDiskFile(file, basename(file), null));
  return ggufTokenizer(metadata).decode(ids);
}

/** The first of the golden prompts with that many tokens. */
async function promptOf(tokens: number): Promise<readonly number[]> {
  const golden = gunzipSync(await readFile(join(ROOT, `workers/testdata/real-${MODEL}.json.gz`)));
  const { prompts } = JSON.parse(golden.toString()) as { readonly prompts: readonly (readonly number[])[] };
  const found = prompts.find(({ length }) => length === tokens);
  if (!found) throw new Error(`no golden prompt has ${tokens} tokens`);
  return found;
}

const better = (a: PeerMeasured, b: PeerMeasured): PeerMeasured => ({
  ...a,
  prefillMs: Math.min(a.prefillMs, b.prefillMs),
  tokensPerSecond: Math.max(a.tokensPerSecond, b.tokensPerSecond),
});
