import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { matrixBytes, matrixFrom, type Rows } from '../../kernels/index.ts';
import { describeBackends } from '../../testing/node-backends.ts';
import { layoutOf, readBlocks } from './blocks.ts';
import { parseGgufHeader, type GgufTensor } from './header.ts';
import { heldInMemory } from './memory.ts';

const bytes = new Uint8Array(readFileSync(join(import.meta.dirname, '../../testdata/gguf/blocks.gguf')));
const tensors = parseGgufHeader(bytes, bytes.length, 'blocks.gguf')?.tensors ?? new Map<string, GgufTensor>();
/** The three rows of the file, so often that a matrix has many units of eight. */
const TIMES = 400;

function rowsOf({ type, from, to }: GgufTensor): Rows {
  const part = bytes.slice(from, to);
  const whole = new Uint8Array(part.length * TIMES);
  for (let i = 0; i < TIMES; i++) whole.set(part, i * part.length);
  const layout = layoutOf(type);
  if (type.name === 'F32') return { kind: 'f32', values: new Float32Array(whole.buffer) };
  if (!layout) {
    // Matrices of models hold no f16 number of 64 and more, which would take 32 bits.
    const values = new Uint16Array(whole.buffer).map((bits) => ((bits & 0x7fff) < 0x5400 ? bits : 0));
    return { kind: '16', format: type.name === 'F16' ? 'f16' : 'bf16', values };
  }
  const count = (whole.length / type.bytes) * type.size;
  const groups = count / layout.group;
  const mins = layout.mins ? new Float32Array(groups) : null;
  const out = { kind: 'grouped' as const, q: new Int8Array(count), scales: new Float32Array(groups), mins };
  readBlocks(type, whole, out);
  return { ...out, bits: layout.bits, group: layout.group };
}

describeBackends(
  'what the page tells of a GGUF file',
  (backend) => {
    it.each([...tensors.keys()])('%s is what its matrices hold', (name) => {
      const tensor = tensors.get(name)!;
      const k = tensor.shape[1] ?? 0;
      const shape = [3 * TIMES, k];
      const matrix = matrixFrom(rowsOf(tensor), 3 * TIMES, k, 'gguf');
      const told = heldInMemory([{ shape, type: tensor.type }])[backend];
      // WASM keeps some 600 bytes beside each matrix.
      expect(matrixBytes(matrix) - told).toBeGreaterThanOrEqual(0);
      expect(matrixBytes(matrix) - told).toBeLessThan(backend === 'wasm' ? 1000 : 1);
    });
  },
  ['wasm', 'webgpu'],
);
