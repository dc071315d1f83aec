import { UNPACK, type Packing } from '../webgpu/weights-wgsl.ts';

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** What is done with one dot product: by default it is written to Y[row, column]. */
export interface Epilogue {
  readonly name: string;
  /** Declarations, e.g. more bindings. */
  readonly declare: string;
  /** Statement that uses `acc`, `row` and `column`. */
  readonly write: string;
}

export const STORE: Epilogue = {
  name: 'store',
  declare: '@group(0) @binding(0) var<storage, read_write> Y: array<f32>;',
  write: 'Y[row * u.N + column] = acc;',
};

/**
 * y = x Wᵀ without barriers: one invocation makes `columns` neighbouring outputs of `rows` rows and dequantizes each
 * weight once for all of them. Workgroup barriers cost 8–10 times on software adapters.
 * Bindings: the epilogue's outputs, then X, W, S (unless f32), then the epilogue's own from `epilogueAt` on, then uniforms.
 * @param outputs number of output bindings
 */
export function matmulFlat(
  packing: Packing,
  rows: number,
  columns: number,
  epilogue: Epilogue,
  outputs: number,
  extraInputs: number,
): string {
  const R = count(rows);
  const C = count(columns);
  const scaled = packing !== 'f32';
  const uniformAt = outputs + 2 + (scaled ? 1 : 0) + extraInputs;
  const multiply = (vector: (c: number) => string, k: string): string =>
    `{ ${C.map((c) => `let d${c} = ${vector(c)};`).join(' ')} ${R.map((r) => `{ let x = X[a${r} + ${k}]; ${C.map((c) => `p${r}_${c} += x * d${c};`).join(' ')} }`).join(' ')} }`;
  const group = (): string => {
    if (packing === 'int8') {
      return [0, 1]
        .map(
          (h) =>
            C.map((c) => `let w${h}_${c} = W[n${c} * (K / 16u) + g * 2u + ${h}u];`).join(' ') +
            [0, 1, 2, 3].map((j) => multiply((c) => `int8x4(w${h}_${c}[${j}])`, `g * 8u + ${h * 4 + j}u`)).join('\n'),
        )
        .join('\n');
    }
    const halves = ['int4lo', 'int4hi'];
    return (
      C.map((c) => `let w${c} = W[n${c} * (K / 32u) + g];`).join(' ') +
      [0, 1, 2, 3]
        .map((j) => halves.map((f, h) => multiply((c) => `${f}(w${c}[${j}])`, `g * 8u + ${j * 2 + h}u`)).join('\n'))
        .join('\n')
    );
  };
  const body = scaled
    ? `for (var g = 0u; g < K / 32u; g++) {
  ${C.map((c) => `let s${c} = S[n${c} * (K / 32u) + g]${packing === 'int8' ? ' * 127.0' : ''};`).join(' ')}
  ${R.map((r) => C.map((c) => `var p${r}_${c} = vec4<f32>(0.0);`).join(' ')).join(' ')}
  ${group()}
  ${R.map((r) => C.map((c) => `acc${r}_${c} += dot(p${r}_${c}, vec4<f32>(s${c}));`).join(' ')).join(' ')}
}`
    : `${R.map((r) => C.map((c) => `var p${r}_${c} = vec4<f32>(0.0);`).join(' ')).join(' ')}
for (var g = 0u; g < K / 4u; g++) { ${multiply((c) => `W[n${c} * (K / 4u) + g]`, 'g')} }
${R.map((r) => C.map((c) => `acc${r}_${c} = dot(p${r}_${c}, vec4<f32>(1.0));`).join(' ')).join(' ')}`;
  return `${UNPACK}
struct Uniforms { M: u32, N: u32, K: u32, extra: u32 }
@group(0) @binding(${outputs}) var<storage, read> X: array<vec4<f32>>;
@group(0) @binding(${outputs + 1}) var<storage, read> W: array<vec4<${scaled ? 'u32' : 'f32'}>>;
${scaled ? `@group(0) @binding(${outputs + 2}) var<storage, read> S: array<f32>;` : ''}
@group(0) @binding(${uniformAt}) var<uniform> u: Uniforms;
${epilogue.declare}
fn finish(row: u32, column: u32, acc: f32) { if (row < u.M && column < u.N) { ${epilogue.write} } }
@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let K = u.K;
  let first = id.x * ${columns}u;
  let m0 = id.y * ${rows}u;
  if (first >= u.N) { return; }
  ${C.map((c) => `let n${c} = min(first + ${c}u, u.N - 1u);`).join(' ')}
  ${R.map((r) => `let a${r} = min(m0 + ${r}u, u.M - 1u) * (K / 4u);`).join(' ')}
  ${R.map((r) => C.map((c) => `var acc${r}_${c} = 0.0;`).join(' ')).join(' ')}
  ${body}
  ${R.map((r) => C.map((c) => `finish(m0 + ${r}u, first + ${c}u, acc${r}_${c});`).join(' ')).join('\n  ')}
}`;
}

/** As `matmulFlat` for f32 matrices whose k is not a multiple of 4: one output per invocation. */
export function matmulScalar(epilogue: Epilogue, outputs: number, extraInputs: number): string {
  return `struct Uniforms { M: u32, N: u32, K: u32, extra: u32 }
@group(0) @binding(${outputs}) var<storage, read> X: array<f32>;
@group(0) @binding(${outputs + 1}) var<storage, read> W: array<f32>;
@group(0) @binding(${outputs + 2 + extraInputs}) var<uniform> u: Uniforms;
${epilogue.declare}
fn finish(row: u32, column: u32, acc: f32) { if (row < u.M && column < u.N) { ${epilogue.write} } }
@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= u.N) { return; }
  var acc = 0.0;
  for (var k = 0u; k < u.K; k++) { acc += X[id.y * u.K + k] * W[id.x * u.K + k]; }
  finish(id.y, id.x, acc);
}`;
}

/** dX[m, k] = Σₙ dY[m, n] W[n, k]: one invocation makes the 4 (8 for int4) neighbours of one word for `rows` rows; reads of W are coalesced along k. */
export function matmulGradient(packing: Packing, rows: number): string {
  const R = count(rows);
  const scaled = packing !== 'f32';
  const per = packing === 'int4' ? 8 : 4;
  const word = scaled ? 'u32' : 'vec4<f32>';
  const unpack = {
    f32: 'let x = w;',
    int8: 'let x = int8x4(w) * s * 127.0;',
    int4: 'let x = int4lo(w) * s; let y = int4hi(w) * s;',
  }[packing];
  const wide = packing === 'int4';
  return `${UNPACK}
struct Uniforms { M: u32, N: u32, K: u32, extra: u32 }
@group(0) @binding(0) var<storage, read_write> dX: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> dY: array<f32>;
@group(0) @binding(2) var<storage, read> W: array<${word}>;
${scaled ? '@group(0) @binding(3) var<storage, read> S: array<f32>;' : ''}
@group(0) @binding(${scaled ? 4 : 3}) var<uniform> u: Uniforms;
@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let words = u.K / ${per}u;
  let kw = id.x;
  let m0 = id.y * ${rows}u;
  if (kw >= words) { return; }
  ${R.map((r) => `var p${r} = vec4<f32>(0.0); ${wide ? `var q${r} = vec4<f32>(0.0);` : ''} let d${r} = min(m0 + ${r}u, u.M - 1u) * u.N;`).join(' ')}
  for (var n = 0u; n < u.N; n++) {
    let w = W[n * words + kw];
    ${scaled ? `let s = S[n * (u.K / 32u) + kw / ${32 / per}u];` : ''}
    ${unpack}
    ${R.map((r) => `{ let d = dY[d${r} + n]; p${r} += x * d; ${wide ? `q${r} += y * d;` : ''} }`).join(' ')}
  }
  ${R.map((r) => `if (m0 + ${r}u < u.M) { let o = ((m0 + ${r}u) * u.K) / 4u + kw * ${per / 4}u; dX[o] = p${r}; ${wide ? `dX[o + 1u] = q${r};` : ''} }`).join('\n  ')}
}`;
}
