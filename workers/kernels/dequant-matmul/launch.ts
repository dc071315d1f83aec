import type { Matrix } from '../matrix.ts';
import type { Tensor } from '../tf.ts';
import { dispatch } from '../webgpu/dispatch.ts';
import { packed, shardInputs, type Packing } from '../webgpu/weights-wgsl.ts';
import { FEW, matmulChoice } from './choice.ts';
import { matmulFlat, matmulScalar, type Epilogue } from './shader.ts';
import { matmulGemm, matmulGemv, matmulSubgroup } from './variants.ts';

/** Rows per invocation: more rows reuse each dequantized weight more often. */
export const rowsPerInvocation = (m: number): number => (m >= 8 ? 8 : m >= 4 ? 4 : 1);

interface Plan {
  readonly name: string;
  readonly code: (epilogue: Epilogue) => string;
  readonly groups: (n: number) => readonly [number, number, number];
}

function plan(packing: Packing, m: number, k: number): Plan {
  if (k % 4 !== 0) return { name: 'scalar', code: (e) => matmulScalar(packing, e), groups: (n) => [Math.ceil(n / 32), m, 1] };
  const { few, many } = matmulChoice();
  const blocks = k % 32 === 0;
  if (blocks && m <= FEW && few !== 'flat') {
    if (few === 'subgroup') {
      const columns = 4;
      return {
        name: `subgroup-${m}`,
        code: (e) => matmulSubgroup(packing, m, columns, e),
        groups: (n) => [Math.ceil(n / columns), 1, 1],
      };
    }
    const lanes = few === 'gemv-8' ? 8 : 32;
    const columns = 2;
    return {
      name: `${few}-${m}`,
      code: (e) => matmulGemv(packing, m, lanes, columns, e),
      groups: (n) => [Math.ceil((n * lanes) / columns / 64), 1, 1],
    };
  }
  if (blocks && m > FEW && many !== 'flat') {
    const tile = many === 'gemm-32' ? 32 : 64;
    return {
      name: many,
      code: (e) => matmulGemm(packing, tile, e),
      groups: (n) => [Math.ceil(n / tile), Math.ceil(m / tile), 1],
    };
  }
  const rows = rowsPerInvocation(m);
  const columns = 2;
  return {
    name: `flat-${rows}`,
    code: (e) => matmulFlat(packing, rows, columns, e),
    groups: (n) => [Math.ceil(n / columns / 32), Math.ceil(m / rows), 1],
  };
}

/**
 * Multiplies x [m, k] with a packed matrix, shard by shard, in the shader chosen for this device, and hands each dot
 * product to the epilogue.
 * @param outputs bound first; @param inputs the epilogue's, bound after the matrix
 */
export function multiply(
  x: Tensor,
  m: number,
  matrix: Matrix,
  epilogue: Epilogue,
  outputs: readonly Tensor[],
  inputs: readonly Tensor[] = [],
  extra = 0,
  more = 0,
): void {
  const { packing, shards } = packed(matrix);
  const { name, code, groups } = plan(packing, m, matrix.k);
  for (const shard of shards)
    dispatch({
      key: `matmul-${packing.name}-${name}-${epilogue.name}`,
      code: () => code(epilogue),
      outputs,
      inputs: [x, ...shardInputs(shard), ...inputs],
      uniforms: [m, shard.n, matrix.k, extra, shard.first, matrix.n, more],
      groups: groups(shard.n),
      folds: 'x',
    });
}
