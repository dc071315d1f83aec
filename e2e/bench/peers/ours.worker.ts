/** Our own engine on a GGUF file. */
import { loadModel } from '../../../workers/weights/load.ts';
import { localFiles } from '../../../workers/weights/local-files.ts';
import { closeDevice, openDevice } from '../../../workers/runtime/device.ts';
import { answer } from '../answer.ts';
import { wasmDevice } from '../wasm-paths.ts';
import { bestOf, blobOf, timesOf, type PeerMeasured, type PeerTask } from './task.ts';

answer(async ({ threads, prompt, newTokens, rounds, model: url }: PeerTask): Promise<PeerMeasured> => {
  await openDevice('wasm', wasmDevice(threads));
  const files = localFiles('local:peer', [{ name: 'model.gguf', blob: await blobOf(url) }]);
  const model = await loadModel(files, 'gguf', () => Promise.reject(new Error('there are no dictionaries')));
  let tokens: number[] = [];
  const best = await bestOf(rounds, async () => {
    tokens = [];
    const at: number[] = [];
    const began = performance.now();
    const sampling = { temperature: 0, topP: 1, repetitionPenalty: 1, seed: 0 };
    for await (const step of model.generate(prompt, { maxNewTokens: newTokens + 1, sampling, stopTokens: [] })) {
      at.push(performance.now() - began);
      tokens.push(step.token);
    }
    return timesOf(at);
  });
  model.dispose();
  await closeDevice();
  return { ...best, tokens };
});
