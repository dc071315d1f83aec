/** onnxruntime-web through transformers.js, on ONNX files made of the GGUF. */
import { answer } from '../answer.ts';
import { bestOf, timesOf, type PeerMeasured, type PeerTask } from './task.ts';

/** Of @huggingface/transformers, which is installed for the benchmark only: what is used here. */
interface Transformers {
  readonly env: {
    allowRemoteModels: boolean;
    allowLocalModels: boolean;
    localModelPath: string;
    useBrowserCache: boolean;
    useWasmCache: boolean;
    readonly backends: { readonly onnx: { readonly wasm: { numThreads: number; wasmPaths: object } } };
  };
  readonly AutoModelForCausalLM: { from_pretrained(id: string, options: object): Promise<Model> };
  readonly Tensor: new (type: string, data: BigInt64Array, dims: readonly number[]) => unknown;
}
interface Model {
  generate(options: object): Promise<unknown>;
  dispose(): Promise<unknown>;
}

answer(async ({ threads, prompt, newTokens, rounds, model: folder, packages, precision }: PeerTask): Promise<PeerMeasured> => {
  const url = `${packages}@huggingface/transformers/dist/transformers.min.js`;
  const { env, AutoModelForCausalLM, Tensor } = (await import(/* @vite-ignore */ url)) as Transformers;
  const [, parent = '', name = ''] = /^(.*\/)([^/]+)\/$/.exec(folder) ?? [];
  Object.assign(env, { allowRemoteModels: false, allowLocalModels: true, localModelPath: parent });
  Object.assign(env, { useBrowserCache: false, useWasmCache: false });
  const { wasm } = env.backends.onnx;
  wasm.numThreads = threads;
  // The build for the CPU alone; the default one can wait for a graphics card in the middle of a call, which costs time.
  const build = `${packages}onnxruntime-web/dist/ort-wasm-simd-threaded`;
  wasm.wasmPaths = { mjs: `${build}.mjs`, wasm: `${build}.wasm` };
  const model = await AutoModelForCausalLM.from_pretrained(name, { device: 'wasm', dtype: precision });
  const input = (values: readonly number[]): unknown =>
    new Tensor('int64', BigInt64Array.from(values, BigInt), [1, values.length]);
  let tokens: number[] = [];
  const best = await bestOf(rounds, async () => {
    tokens = [];
    const at: number[] = [];
    const began = performance.now();
    await model.generate({
      input_ids: input(prompt),
      attention_mask: input(prompt.map(() => 1)),
      max_new_tokens: newTokens + 1,
      do_sample: false,
      streamer: {
        put([ids]: readonly (readonly bigint[])[]) {
          // First comes the prompt.
          if (ids?.length !== 1) return;
          at.push(performance.now() - began);
          tokens.push(Number(ids[0]));
        },
        end() {},
      },
    });
    if (tokens.length !== newTokens + 1) throw new Error(`${tokens.length} tokens were written instead of ${newTokens + 1}`);
    return timesOf(at);
  });
  await model.dispose();
  return { ...best, tokens };
});
