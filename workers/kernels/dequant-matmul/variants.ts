import { FOLDED } from '../webgpu/dispatch.ts';
import type { Packing } from '../webgpu/weights-wgsl.ts';
import { accumulateBlock, count, declareSums, head, loads, pieces, type Epilogue } from './shader.ts';
import { hasMin, isFloat, unit } from '../webgpu/weights-wgsl.ts';

const WORKGROUP = 64;

/**
 * For few rows of x: `lanes` neighbours of a workgroup stride over the blocks of 32 weights of the same rows of W and add
 * up their sums in shared memory, as a tree, always in the same order.
 * @param rows rows of X, all of them
 * @param columns rows of W per group of lanes
 */
export function matmulGemv(packing: Packing, rows: number, lanes: number, columns: number, epilogue: Epilogue): string {
  const C = count(columns);
  const sums = rows * columns;
  const each = (f: (r: number, c: number, at: number) => string): string =>
    count(rows)
      .flatMap((r) => C.map((c) => f(r, c, r * columns + c)))
      .join(' ');
  return `${head(packing, epilogue, 'vector')}
var<workgroup> sums: array<f32, ${WORKGROUP * sums}>;
@compute @workgroup_size(${WORKGROUP})
fn main(${FOLDED.builtins}, @builtin(local_invocation_index) local: u32) {
  let lane = local % ${lanes}u;
  let start = (${FOLDED.x} * ${WORKGROUP / lanes}u + local / ${lanes}u) * ${columns}u;
  ${C.map((c) => `let n${c} = min(start + ${c}u, u.N - 1u);`).join(' ')}
  ${count(rows)
    .map((r) => `let a${r} = min(${r}u, u.M - 1u) * (u.K / 4u);`)
    .join(' ')}
  ${declareSums(rows, columns)}
  for (var g = lane; g < u.K / 32u; g += ${lanes}u) {
  ${accumulateBlock(packing, rows, columns)}
  }
  ${each((r, c, at) => `sums[${at * WORKGROUP}u + local] = acc${r}_${c};`)}
  for (var half_ = ${lanes / 2}u; half_ > 0u; half_ >>= 1u) {
    workgroupBarrier();
    if (lane < half_) { ${each((_r, _c, at) => `sums[${at * WORKGROUP}u + local] += sums[${at * WORKGROUP}u + local + half_];`)} }
  }
  if (lane == 0u) { ${each((r, c, at) => `finish(${r}u, start + ${c}u, sums[${at * WORKGROUP}u + local]);`)} }
}`;
}

/** The same with subgroups: 32 lanes on the same rows of W. Nothing is assumed about which lanes make a subgroup. */
export function matmulSubgroup(packing: Packing, rows: number, columns: number, epilogue: Epilogue): string {
  const C = count(columns);
  const lanes = 32;
  const all = count(rows).flatMap((r) => C.map((c) => ({ r, c, at: r * columns + c })));
  return `enable subgroups;
${head(packing, epilogue, 'vector')}
var<workgroup> sums: array<f32, ${lanes * all.length}>;
@compute @workgroup_size(${lanes})
fn main(${FOLDED.builtins}, @builtin(local_invocation_index) lane: u32) {
  let start = ${FOLDED.x} * ${columns}u;
  ${C.map((c) => `let n${c} = min(start + ${c}u, u.N - 1u);`).join(' ')}
  ${count(rows)
    .map((r) => `let a${r} = min(${r}u, u.M - 1u) * (u.K / 4u);`)
    .join(' ')}
  ${declareSums(rows, columns)}
  for (var g = lane; g < u.K / 32u; g += ${lanes}u) {
  ${accumulateBlock(packing, rows, columns)}
  }
  let first = subgroupElect();
  ${all.map(({ r, c, at }) => `{ let sum = subgroupAdd(acc${r}_${c}); sums[${at * lanes}u + lane] = select(0.0, sum, first); }`).join(' ')}
  workgroupBarrier();
  if (lane < ${all.length}u) {
    var sum = 0.0;
    for (var i = 0u; i < ${lanes}u; i++) { sum += sums[lane * ${lanes}u + i]; }
    finish(lane / ${columns}u, start + lane % ${columns}u, sum);
  }
}`;
}

/**
 * For many rows of x: a workgroup makes a tile of `tile` × `tile` outputs, 4 × 4 for each invocation. Tiles of x and of
 * W, dequantized once, lie in shared memory, 32 columns at a time.
 */
export function matmulGemm(packing: Packing, tile: 32 | 64, epilogue: Epilogue): string {
  const side = tile / 4;
  const size = side * side;
  const four = count(4);
  const per = isFloat(packing) ? 8 : packing.group / 4;
  const scale = unit(packing) === 1 ? 'm.x' : `(m.x * ${unit(packing)}.0)`;
  const min = hasMin(packing) ? ' + m.y' : '';
  const fill = pieces(packing).map((piece, i) => {
    const meta =
      !isFloat(packing) && i % per === 0 ? `m = metaOf(n0 * (u.K / ${packing.group}u) + g * ${8 / per}u + ${i / per}u);` : '';
    return `${meta} wTile[at + ${i}u] = ${piece(0)}${isFloat(packing) ? '' : ` * ${scale}${min}`};`;
  });
  return `${head(packing, epilogue, 'vector')}
var<workgroup> xTile: array<vec4<f32>, ${tile * 8}>;
var<workgroup> wTile: array<vec4<f32>, ${tile * 8}>;
@compute @workgroup_size(${side}, ${side})
fn main(${FOLDED.builtins}, @builtin(local_invocation_id) id: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let row = group.y * ${tile}u;
  let start = ${FOLDED.x} * ${tile}u;
  ${declareSums(4, 4)}
  for (var g = 0u; g < u.K / 32u; g++) {
    for (var i = local; i < ${tile * 8}u; i += ${size}u) { xTile[i] = X[min(row + i / 8u, u.M - 1u) * (u.K / 4u) + g * 8u + i % 8u]; }
    for (var i = local; i < ${tile}u; i += ${size}u) {
      let n0 = min(start + i, u.N - 1u);
      let at = i * 8u;
      ${loads(packing, 0)}
      ${isFloat(packing) ? '' : 'var m = vec2<f32>(0.0);'}
      ${fill.join('\n      ')}
    }
    workgroupBarrier();
    for (var k = 0u; k < 8u; k++) {
      ${four.map((i) => `let x${i} = xTile[(id.y * 4u + ${i}u) * 8u + k]; let w${i} = wTile[(id.x * 4u + ${i}u) * 8u + k];`).join(' ')}
      ${four.map((i) => four.map((j) => `acc${i}_${j} += dot(x${i}, w${j});`).join(' ')).join(' ')}
    }
    workgroupBarrier();
  }
  ${four.map((i) => four.map((j) => `finish(row + id.y * 4u + ${i}u, start + id.x * 4u + ${j}u, acc${i}_${j});`).join(' ')).join('\n  ')}
}`;
}
