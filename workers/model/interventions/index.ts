import { hookAxes, hookExists, hookName, parseHook, type HookName } from '../../../core/hooks.ts';
import type { Intervention, VectorSource } from '../../../core/interventions.ts';
import type { ModelConfig } from '../../../core/model-config.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import type { Sae } from '../../api.ts';
import { tf, type Tensor } from '../../kernels/index.ts';
import { MASKED } from '../components/attention.ts';
import { addEdit, fit, placeMask, positionMask, replace, type Edit, type Edits, type Place } from './place.ts';
import { promptMean, type Sources } from './sources.ts';

export type { Edit, Edits, Frame } from './place.ts';

export interface CompileContext {
  readonly config: ModelConfig;
  readonly sources: Sources;
  readonly promptCount: number;
  /** The prompts begin with a BOS token, which means leave out. */
  readonly hasBos: boolean;
  sae(id: string): Sae;
}

type Of<K extends Intervention['kind']> = Extract<Intervention, { kind: K }>;

/** Turns interventions into edits. Whatever does not fit the model is refused here, before anything runs. */
export function compileInterventions(interventions: readonly Intervention[], ctx: CompileContext): Edits {
  const edits: Edits = new Map();
  for (const i of interventions) {
    switch (i.kind) {
      case 'zero':
        addEdit(edits, checked(i, ctx), (x, frame) => replace(x, 0, placeMask(i, frame, x.shape)));
        break;
      case 'scale':
        addEdit(edits, checked(i, ctx), (x, frame) => replace(x, tf.mul(x, i.factor), placeMask(i, frame, x.shape)));
        break;
      case 'mean':
        addEdit(edits, checked(i, ctx), mean(i, ctx));
        break;
      case 'patch':
        addEdit(edits, checked(i, ctx), patch(i, ctx));
        break;
      case 'add':
        addEdit(edits, checked(i, ctx), add(i, ctx));
        break;
      case 'saeFeature': {
        const sae = ctx.sae(i.sae);
        addEdit(edits, checked({ hook: sae.hookName }, ctx), saeFeature(i, sae));
        break;
      }
      case 'blockAttention':
        for (const layer of i.layers)
          addEdit(edits, checked({ hook: hookName('attn_scores', layer), ...headsOf(i) }, ctx), blockAttention(i, layer));
        break;
      case 'freezePattern':
        for (const layer of i.layers)
          addEdit(edits, checked({ hook: hookName('pattern', layer), ...headsOf(i) }, ctx), freezePattern(i, layer, ctx));
        break;
    }
  }
  return edits;
}

const headsOf = (i: { readonly heads?: readonly number[] }): { heads?: readonly number[] } => (i.heads ? { heads: i.heads } : {});

function checked(place: Place, { config }: CompileContext): HookName {
  const address = parseHook(place.hook);
  if (!address || !hookExists(address, config)) throw new VitrineError('unknown-hook', `the model has no ${place.hook}`);
  const heads = hookAxes(address.site).includes('kv_head') ? config.nKvHeads : config.nHeads;
  const wrong = place.heads?.find((h) => h >= heads);
  if (wrong !== undefined)
    throw new VitrineError('bad-intervention', `${place.hook}: heads: ${wrong} is outside of 0 … ${heads - 1}`);
  return place.hook;
}

function mean(i: Of<'mean'>, ctx: CompileContext): Edit {
  const prompts = i.prompts ?? Array.from({ length: ctx.promptCount }, (_, p) => p);
  if (prompts.length === 0) throw new VitrineError('bad-intervention', `${i.hook}: a mean needs prompts to average over`);
  if (hookAxes(parseHook(i.hook)?.site ?? 'resid_pre').includes('key'))
    throw new VitrineError(
      'bad-intervention',
      `${i.hook}: patterns and scores of different prompts have no mean; ablate z instead`,
    );
  return (x, frame) => {
    const value = promptMean(
      prompts.map((p) => ctx.sources.prompt(p, i.hook)),
      i.over,
      ctx.hasBos,
    );
    // A mean over positions belongs to none, so it reaches positions that no prompt has: those being generated.
    if (i.over === 'batch+positions') return replace(x, value, placeMask(i, frame, x.shape));
    return replace(x, fit(value, x.shape, i.hook, frame.offset), placeMask(i, frame, x.shape, value.shape[1]));
  };
}

function patch(i: Of<'patch'>, ctx: CompileContext): Edit {
  const { sourcePositions, positions } = i;
  if (sourcePositions && (!Array.isArray(positions) || positions.length !== sourcePositions.length)) {
    throw new VitrineError('bad-intervention', `${i.hook}: sourcePositions needs as many positions as it has`);
  }
  return (x, frame) => {
    const source = ctx.sources.prompt(i.prompt, i.hook);
    const available = source.shape[axisOfPosition(i.hook)] ?? 0;
    if (!sourcePositions || !Array.isArray(positions))
      return replace(x, fit(source, x.shape, i.hook, frame.offset), placeMask(i, frame, x.shape, available));
    // One source position at a time: their number is small, and each row may count its own end differently.
    return sourcePositions.reduce<Tensor>((edited, from, n) => {
      const at = from < 0 ? available + from : from;
      if (at < 0 || at >= available)
        throw new VitrineError('bad-intervention', `${i.hook}: source position ${from} is outside of the source prompt`);
      const row = slicePosition(source, i.hook, at, x.shape);
      return replace(edited, row, placeMask({ ...i, positions: [Number(positions[n])] }, frame, x.shape));
    }, x);
  };
}

const axisOfPosition = (hook: HookName): number =>
  hookAxes(parseHook(hook)?.site ?? 'resid_pre').findIndex((axis) => axis === 'pos' || axis === 'query');

function slicePosition(source: Tensor, hook: HookName, at: number, shape: readonly number[]): Tensor {
  const axis = axisOfPosition(hook);
  const row = tf.slice(
    source,
    source.shape.map((_, j) => (j === axis ? at : 0)),
    source.shape.map((n, j) => (j === axis ? 1 : n)),
  );
  // Patterns: crop or pad the keys to those of this run.
  return axis === 2
    ? fit(
        row,
        shape.map((n, j) => (j === 2 ? 1 : n)),
        hook,
        0,
      )
    : row;
}

function add(i: Of<'add'>, ctx: CompileContext): Edit {
  return (x, frame) => {
    const mask = placeMask(i, frame, x.shape);
    return tf.add(x, tf.mul(mask, tf.mul(direction(i.vector, i.hook, x.shape, ctx), i.coefficient)));
  };
}

/** The vector, shaped to broadcast against the activation: over the last axis, or over heads and the last axis. */
function direction(vector: VectorSource, hook: HookName, shape: readonly number[], ctx: CompileContext): Tensor {
  const flat = vectorOf(vector, hook, ctx);
  const last = shape[shape.length - 1] ?? 0;
  const lastTwo = last * (shape[shape.length - 2] ?? 0);
  if (flat.size === last) return tf.reshape(flat, [...shape.slice(0, -1).map(() => 1), last]);
  if (shape.length === 4 && flat.size === lastTwo) return tf.reshape(flat, [1, 1, shape[2] ?? 1, last]);
  throw new VitrineError('bad-intervention', `${hook}: a vector of ${flat.size} numbers does not fit [${shape.join(', ')}]`);
}

function vectorOf(vector: VectorSource, hook: HookName, ctx: CompileContext): Tensor {
  switch (vector.from) {
    case 'values':
      return tf.tensor1d([...vector.values]);
    case 'decoder': {
      const sae = ctx.sae(vector.sae);
      if (vector.feature >= sae.dSae)
        throw new VitrineError('bad-intervention', `${sae.id} has ${sae.dSae} features, not ${vector.feature + 1}`);
      return tf.reshape(sae.decoderRows([vector.feature]), [-1]);
    }
    case 'contrast': {
      const at = (prompt: number): Tensor => {
        const source = ctx.sources.prompt(prompt, hook);
        const length = source.shape[1] ?? 0;
        const position = vector.position < 0 ? length + vector.position : vector.position;
        if (position < 0 || position >= length)
          throw new VitrineError('bad-intervention', `${hook}: position ${vector.position} is outside of prompt ${prompt + 1}`);
        return tf.reshape(tf.slice(source, [0, position], [1, 1]), [-1]);
      };
      return tf.sub(at(vector.positive), at(vector.negative));
    }
  }
}

function saeFeature(i: Of<'saeFeature'>, sae: Sae): Edit {
  if (i.feature >= sae.dSae)
    throw new VitrineError('bad-intervention', `${sae.id} has ${sae.dSae} features, not ${i.feature + 1}`);
  const chosen = new Float32Array(sae.dSae);
  chosen[i.feature] = 1;
  return (x, frame) => {
    const rows = tf.reshape(x, [-1, sae.dIn]);
    const features = sae.encode(rows);
    const pick = tf.tensor2d(chosen, [1, sae.dSae]);
    const edited = {
      set: (): Tensor => replace(features, i.value, pick),
      scale: (): Tensor => replace(features, tf.mul(features, i.value), pick),
      add: (): Tensor => tf.add(features, tf.mul(pick, i.value)),
    }[i.mode]();
    const reconstruction = sae.decode(edited);
    const value = i.errorTerm === false ? reconstruction : tf.add(rows, tf.sub(reconstruction, sae.decode(features)));
    const mask = placeMask(
      { hook: sae.hookName, ...(i.positions === undefined ? {} : { positions: i.positions }) },
      frame,
      x.shape,
    );
    return replace(x, tf.reshape(value, x.shape), mask);
  };
}

function blockAttention(i: Of<'blockAttention'>, layer: number): Edit {
  return (x, frame) => {
    const [batch = 1, , queries = 0, keys = 0] = x.shape;
    const query = placeMask({ hook: hookName('attn_scores', layer), positions: i.query, ...headsOf(i) }, frame, x.shape);
    const key = tf.tensor(positionMask(i.key, { ...frame, offset: 0, length: keys }, batch), [batch, 1, 1, keys]);
    return queries === 0 ? x : replace(x, MASKED, tf.mul(query, key));
  };
}

function freezePattern(i: Of<'freezePattern'>, layer: number, ctx: CompileContext): Edit {
  const hook = hookName('pattern', layer);
  return (x, frame) => {
    const source = i.prompt === undefined ? ctx.sources.own(hook) : ctx.sources.prompt(i.prompt, hook);
    return replace(
      x,
      fit(source, x.shape, hook, frame.offset),
      placeMask({ hook, ...headsOf(i) }, frame, x.shape, source.shape[2]),
    );
  };
}
