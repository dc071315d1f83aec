/** Kernels of our own, the same names on every backend. */
export { linear, linearTransposed } from './dequant-matmul/kernel.ts';
export { gatherRows } from './dequant-rows/kernel.ts';
export { allowFusedBlocks, fusedBlock, registerFusedBlock } from './fused-block/index.ts';
export type { KvStore } from './fused-block/types.ts';
export { writeRows } from './kv-write/kernel.ts';
export { entriesAbove, logSumExpRows, penalized } from './logits/kernel.ts';
export { matMul } from './matmul.ts';
export { buildMatrix, disposeMatrix, matrixBytes, matrixFrom, matrixFromF32, matrixFromGrouped, type Matrix } from './matrix.ts';
export type { Grouped } from './quantize.ts';
export { bytesRead, readMany } from './read.ts';
export type { Rows } from './rows.ts';
export { encodeAndRead } from './sparse-encode/kernel.ts';
export { sparseDecode } from './sparse-decode/kernel.ts';
export { sparseRowDot } from './sparse-row-dot/kernel.ts';
export { disposeSparse, uploadSparse, type SparseActs, type SparseActsGpu } from './sparse.ts';
export { tf, type Tensor } from './tf.ts';
export { topKRows } from './top-k/kernel.ts';
