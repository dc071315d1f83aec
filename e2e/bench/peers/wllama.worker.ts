/** wllama (llama.cpp) on a GGUF file. */
import { answer } from '../answer.ts';
import { bestOf, blobOf, type PeerMeasured, type PeerTask } from './task.ts';

/** Of @wllama/wllama, which is installed for the benchmark only: what is used here. */
interface Wllama {
  loadModel(blobs: readonly Blob[], options: object): Promise<void>;
  createCompletion(options: object): Promise<Completion>;
  isMultithread(): boolean;
  exit(): Promise<void>;
}
interface Completion {
  readonly choices: readonly { readonly logprobs?: { readonly content: readonly { readonly id: number }[] } | null }[];
  readonly timings?: {
    readonly cache_n: number;
    readonly prompt_n: number;
    readonly prompt_ms: number;
    readonly predicted_n: number;
    readonly predicted_ms: number;
  };
}

answer(async ({ threads, prompt, text, newTokens, rounds, model, packages }: PeerTask): Promise<PeerMeasured> => {
  const folder = `${packages}@wllama/wllama/esm/`;
  const { Wllama } = (await import(/* @vite-ignore */ `${folder}index.js`)) as { Wllama: new (...args: unknown[]) => Wllama };
  const wllama = new Wllama({ default: `${folder}wasm/wllama.wasm` }, { suppressNativeLog: true });
  await wllama.loadModel([await blobOf(model)], { n_threads: threads, n_gpu_layers: 0, n_ctx: 512, n_parallel: 1 });
  if (wllama.isMultithread() !== threads > 1) throw new Error(`wllama does not run on ${threads} threads here`);
  // `cache_prompt`: else later rounds would find the prompt computed.
  const greedy = { prompt: text, max_tokens: newTokens + 1, temperature: 0, top_k: 1, ignore_eos: true, cache_prompt: false };
  // By llama.cpp's own clock, which leaves out the messages between page and worker.
  const best = await bestOf(rounds, async () => {
    const { timings } = await wllama.createCompletion(greedy);
    if (timings?.prompt_n !== prompt.length || timings.predicted_n !== newTokens + 1)
      throw new Error(`wllama took other steps than were asked for: ${JSON.stringify(timings)}`);
    return { prefillMs: timings.prompt_ms, tokensPerSecond: (newTokens / timings.predicted_ms) * 1e3 };
  });
  // Once more with the ids of the tokens.
  const { choices } = await wllama.createCompletion({ ...greedy, logprobs: 1 });
  await wllama.exit();
  return { ...best, tokens: choices[0]?.logprobs?.content.map(({ id }) => id) ?? [] };
});
