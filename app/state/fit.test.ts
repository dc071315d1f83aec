import { expect, it } from 'vitest';
import type { EngineInfo } from '../../workers/client/engine.ts';
import { bytesFor, memoryIn, whyNot, type Asked } from './fit.ts';

const engine = (backend: EngineInfo['backend'], limits: EngineInfo['limits'] = {}): EngineInfo =>
  ({ backend, limits }) as unknown as EngineInfo;
const packed = (parameters: number, perWeight: number): Asked => ({
  webgpu: parameters * perWeight,
  wasm: parameters * perWeight,
  cpu: parameters * 4,
});

it('a vocabulary beyond the limit of one binding is no hindrance: the engine holds it in pieces', () => {
  // Gemma 3 270M: an embedding of 189 MB in 8 bits, on a device that binds 134 MB at once.
  const gemma = packed(268_098_176, 1.125);
  expect(262_144 * 640 * 1.125).toBeGreaterThan(2 ** 27);
  expect(whyNot(gemma, engine('webgpu', { maxStorageBufferBindingSize: 2 ** 27, maxBufferSize: 2 ** 28 }))).toBeNull();
});

it('memory is counted for what the model would run on', () => {
  const qwen = packed(596_049_920, 1.125);
  expect(bytesFor(qwen, null)).toBe(qwen.webgpu);
  expect(whyNot(qwen, engine('wasm'))).toBeNull();
  expect(whyNot(qwen, engine('cpu'))).toMatch(/^it needs 2\.38 GB of memory, and 671 MB are there.*with WebGPU it would fit$/);
  expect(whyNot(packed(1_235_814_400, 1.125), engine('wasm'))).toMatch(/with WebGPU it would fit$/);
  expect(whyNot(packed(2e9, 1.125), engine('webgpu'))).toMatch(
    /^it needs 2\.25 GB of memory, and 2\.15 GB are there for models$/,
  );
});

it('a list tells the memory of the way that was chosen', () => {
  const needs = {
    held: [
      { quantization: 'int8' as const, bytes: packed(100, 1.125) },
      { quantization: 'int4' as const, bytes: packed(100, 0.625) },
    ],
  };
  const list = (quantization?: 'int4'): number | undefined => memoryIn(needs, quantization).held?.wasm;
  expect([list(), list('int4')]).toEqual([112.5, 62.5]);
});
