import { FOLDED } from '../webgpu/dispatch.ts';
import { declareWeights, hasMin, isFloat, unit, type Packing } from '../webgpu/weights-wgsl.ts';

export const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** What is done with one dot product: by default it is written to Y[row, column]. */
export interface Epilogue {
  /** Part of the pipeline's key. */
  readonly name: string;
  /** Bindings before X. */
  readonly outputs: number;
  /** Bindings between the matrix and the uniforms. */
  readonly extraInputs: number;
  /** Declarations, e.g. more bindings; `at` is the first one after the matrix. */
  readonly declare: (at: number) => string;
  /** Statement that uses `acc`, `row`, `column` (of the whole matrix) and `u`. */
  readonly write: string;
}

export const STORE: Epilogue = {
  name: 'store',
  outputs: 1,
  extraInputs: 0,
  declare: () => '@group(0) @binding(0) var<storage, read_write> Y: array<f32>;',
  write: 'Y[row * u.total + column] = acc;',
};

/** M rows of X; N rows of this shard, from row `first` of a matrix with `total` rows. `extra` and `more` are the epilogue's. */
export const UNIFORMS = 'struct Uniforms { M: u32, N: u32, K: u32, extra: u32, first: u32, total: u32, more: u32 }';

/** Everything before `main`. Bindings: the epilogue's outputs, X, the matrix, the epilogue's inputs, uniforms. */
export function head(packing: Packing, epilogue: Epilogue, words: 'single' | 'vector'): string {
  const at = epilogue.outputs;
  const after = at + (isFloat(packing) ? 2 : 3);
  return `${UNIFORMS}
@group(0) @binding(${at}) var<storage, read> X: array<${words === 'single' ? 'f32' : 'vec4<f32>'}>;
${declareWeights(packing, at + 1, words)}
${epilogue.declare(after)}
@group(0) @binding(${after + epilogue.extraInputs}) var<uniform> u: Uniforms;
fn finish(row: u32, n: u32, acc: f32) { if (row < u.M && n < u.N) { let column = u.first + n; ${epilogue.write} } }`;
}

/** Loads of the words that hold 32 weights, block `g` of row `n<c>`, into w0_<c>, w1_<c> … */
export function loads({ bits }: Packing, c: number): string {
  const each = bits / 4;
  return count(each)
    .map((h) => `let w${h}_${c} = W[n${c} * (u.K / ${32 / each}u) + g * ${each}u + ${h}u];`)
    .join(' ');
}

/** The eight vectors of four neighbours of such a block, in order; not yet scaled. */
export function pieces({ bits }: Packing): ((c: number) => string)[] {
  return count(8).map((i) => (c) => {
    if (bits === 32) return `w${i}_${c}`;
    if (bits === 16) return `half4(w${Math.floor(i / 2)}_${c}.${i % 2 === 0 ? 'xy' : 'zw'})`;
    if (bits === 8) return `int8x4(w${Math.floor(i / 4)}_${c}[${i % 4}])`;
    return `${i % 2 === 0 ? 'int4lo' : 'int4hi'}(w0_${c}[${Math.floor(i / 2)}])`;
  });
}

/**
 * Adds to acc<r>_<c> the products of block `g` (32 weights) of `columns` rows of W with `rows` rows of X, whose first
 * vectors are at a<r>. Each weight is unpacked once; scale and minimum are applied once to a group's sum.
 */
export function accumulateBlock(packing: Packing, rows: number, columns: number): string {
  const R = count(rows);
  const C = count(columns);
  const all = pieces(packing);
  const per = isFloat(packing) ? 8 : packing.group / 4;
  const min = hasMin(packing);
  const groups = count(8 / per).map((s) => {
    const inner = all
      .slice(s * per, (s + 1) * per)
      .map(
        (piece, i) => `{ ${C.map((c) => `let d${c} = ${piece(c)};`).join(' ')}
    ${R.map((r) => `{ let x = X[a${r} + g * 8u + ${s * per + i}u]; ${C.map((c) => `p${r}_${c} += x * d${c};`).join(' ')} ${min ? `t${r} += x;` : ''} }`).join(' ')} }`,
      )
      .join('\n    ');
    const scaled = (r: number, c: number): string => {
      if (isFloat(packing)) return `dot(p${r}_${c}, vec4<f32>(1.0))`;
      const scale = `m${c}.x${unit(packing) === 1 ? '' : ` * ${unit(packing)}.0`}`;
      return `dot(p${r}_${c}, vec4<f32>(${scale}))${min ? ` + dot(t${r}, vec4<f32>(m${c}.y))` : ''}`;
    };
    return `{
    ${isFloat(packing) ? '' : C.map((c) => `let m${c} = metaOf(n${c} * (u.K / ${packing.group}u) + g * ${8 / per}u + ${s}u);`).join(' ')}
    ${R.map((r) => `${C.map((c) => `var p${r}_${c} = vec4<f32>(0.0);`).join(' ')} ${min ? `var t${r} = vec4<f32>(0.0);` : ''}`).join(' ')}
    ${inner}
    ${R.map((r) => C.map((c) => `acc${r}_${c} += ${scaled(r, c)};`).join(' ')).join(' ')}
  }`;
  });
  return `${C.map((c) => loads(packing, c)).join(' ')}\n  ${groups.join('\n  ')}`;
}

export const declareSums = (rows: number, columns: number): string =>
  count(rows)
    .map((r) =>
      count(columns)
        .map((c) => `var acc${r}_${c} = 0.0;`)
        .join(' '),
    )
    .join(' ');

/**
 * y = x Wᵀ without barriers: one invocation makes `columns` neighbouring outputs of `rows` rows and dequantizes each
 * weight once for all of them. Workgroup barriers cost 8–10 times on software adapters. K is a multiple of 32; of 4 for f32.
 */
export function matmulFlat(packing: Packing, rows: number, columns: number, epilogue: Epilogue): string {
  const R = count(rows);
  const C = count(columns);
  // What is left of a row of f32 weights after its blocks of 32.
  const tail = `for (var v = (u.K / 32u) * 8u; v < u.K / 4u; v++) {
    ${C.map((c) => `let d${c} = W[n${c} * (u.K / 4u) + v];`).join(' ')}
    ${R.map((r) => `{ let x = X[a${r} + v]; ${C.map((c) => `acc${r}_${c} += dot(x, d${c});`).join(' ')} }`).join(' ')}
  }`;
  return `${head(packing, epilogue, 'vector')}
@compute @workgroup_size(32)
fn main(${FOLDED.builtins}, @builtin(local_invocation_index) local: u32) {
  let start = (${FOLDED.x} * 32u + local) * ${columns}u;
  let m0 = group.y * ${rows}u;
  if (start >= u.N) { return; }
  ${C.map((c) => `let n${c} = min(start + ${c}u, u.N - 1u);`).join(' ')}
  ${R.map((r) => `let a${r} = min(m0 + ${r}u, u.M - 1u) * (u.K / 4u);`).join(' ')}
  ${declareSums(rows, columns)}
  for (var g = 0u; g < u.K / 32u; g++) {
  ${accumulateBlock(packing, rows, columns)}
  }
  ${packing.bits === 32 ? tail : ''}
  ${R.map((r) => C.map((c) => `finish(m0 + ${r}u, start + ${c}u, acc${r}_${c});`).join(' ')).join('\n  ')}
}`;
}

/** As `matmulFlat` for f32 matrices whose k is not a multiple of 4: one output per invocation. */
export function matmulScalar(packing: Packing, epilogue: Epilogue): string {
  return `${head(packing, epilogue, 'single')}
@compute @workgroup_size(32)
fn main(${FOLDED.builtins}, @builtin(local_invocation_index) local: u32) {
  let n = ${FOLDED.x} * 32u + local;
  if (n >= u.N) { return; }
  var acc = 0.0;
  for (var k = 0u; k < u.K; k++) { acc += X[group.y * u.K + k] * W[n * u.K + k]; }
  finish(group.y, n, acc);
}`;
}
