import { hookAxes, parseHook, type HookName } from '../../../core/hooks.ts';
import { resolvePositions, type Positions } from '../../../core/interventions.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import { tf, type Tensor } from '../../kernels/index.ts';

/** Which positions of the whole sequence the tensors of this forward pass hold. */
export interface Frame {
  /** Absolute position of the first column; > 0 in cached generation. */
  readonly offset: number;
  /** Columns of this pass. */
  readonly length: number;
  /** Tokens of each row when the run began: `−1` and `prompt` refer to it. */
  readonly promptLengths: readonly number[];
}

/** An edit of one activation. `x` keeps its shape. */
export type Edit = (x: Tensor, frame: Frame) => Tensor;

/** Edits of a plan, in the order in which they apply at each hook. */
export type Edits = Map<HookName, Edit[]>;

export interface Place {
  readonly hook: HookName;
  readonly positions?: Positions;
  readonly heads?: readonly number[];
  readonly units?: readonly number[];
}

export function addEdit(edits: Edits, hook: HookName, edit: Edit): void {
  const list = edits.get(hook);
  if (list) list.push(edit);
  else edits.set(hook, [edit]);
}

/** x where the mask is 0, `value` where it is 1; exact in both. */
export function replace(x: Tensor, value: Tensor | number, mask: Tensor): Tensor {
  return tf.add(tf.mul(x, tf.sub(1, mask)), tf.mul(value, mask));
}

/** 1 at the absolute positions in question, for each row: [batch, length]. Limited to positions below `available`, where given. */
export function positionMask(
  positions: Positions | undefined,
  frame: Frame,
  batch: number,
  available: number = Infinity,
): Float32Array {
  const mask = new Float32Array(batch * frame.length);
  const total = frame.offset + frame.length;
  for (let row = 0; row < batch; row++) {
    const prompt = frame.promptLengths[row] ?? frame.promptLengths[0] ?? total;
    for (const p of resolvePositions(positions, total, prompt))
      if (p >= frame.offset && p < available) mask[row * frame.length + p - frame.offset] = 1;
  }
  return mask;
}

/**
 * The mask of a place at its hook, broadcastable to the activation. Refuses heads and units that the hook does not have.
 * @param available absolute positions for which a source has values
 */
export function placeMask(place: Place, frame: Frame, shape: readonly number[], available?: number): Tensor {
  const address = parseHook(place.hook);
  if (!address) throw new VitrineError('unknown-hook', `not a hook name: ${place.hook}`);
  const axes = hookAxes(address.site);
  const batch = shape[0] ?? 1;
  const factors: Tensor[] = [];
  const shaped = (values: Float32Array | number[], along: readonly number[]): Tensor =>
    tf.tensor(
      values,
      axes.map((_, i) => (along.includes(i) ? (shape[i] ?? 1) : 1)),
      'float32',
    );
  const positionAxis = axes.findIndex((axis) => axis === 'pos' || axis === 'query');
  factors.push(shaped(positionMask(place.positions, frame, batch, available), [0, positionAxis]));
  const headAxis = axes.findIndex((axis) => axis === 'head' || axis === 'kv_head');
  if (place.heads)
    factors.push(shaped(oneHot(place.heads, headAxis < 0 ? 0 : (shape[headAxis] ?? 0), `${place.hook}: heads`), [headAxis]));
  const last = axes.length - 1;
  if (place.units) factors.push(shaped(oneHot(place.units, shape[last] ?? 0, `${place.hook}: units`), [last]));
  return factors.reduce((a, b) => tf.mul(a, b));
}

function oneHot(indices: readonly number[], size: number, what: string): number[] {
  const values = Array.from({ length: size }, () => 0);
  for (const i of indices) {
    if (i >= size)
      throw new VitrineError(
        'bad-intervention',
        size === 0 ? `${what}: this hook has none` : `${what}: ${i} is outside of 0 … ${size - 1}`,
      );
    values[i] = 1;
  }
  return values;
}

/** Crops or zero-pads a source [batch, pos …] to the columns of this pass; patterns along key too. */
export function fit(source: Tensor, shape: readonly number[], hook: HookName, offset: number): Tensor {
  const axes = hookAxes(parseHook(hook)?.site ?? 'resid_pre');
  let out = source;
  for (const [i, axis] of axes.entries()) {
    if (axis !== 'pos' && axis !== 'query' && axis !== 'key') continue;
    const from = axis === 'key' ? 0 : offset;
    const want = shape[i] ?? 0;
    const have = Math.max(0, (out.shape[i] ?? 0) - from);
    const begin = out.shape.map((_, j) => (j === i ? Math.min(from, out.shape[i] ?? 0) : 0));
    const size = out.shape.map((n, j) => (j === i ? Math.min(have, want) : n));
    out = tf.slice(out, begin, size);
    if (have < want)
      out = tf.pad(
        out,
        out.shape.map((_, j): [number, number] => (j === i ? [0, want - have] : [0, 0])),
      );
  }
  return out;
}
