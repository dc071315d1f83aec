import type { ExperimentSpec } from '../../core/spec/index.ts';
import type { SteeringChunk } from '../../labs/steering/result.ts';
import { lab as steering } from '../../labs/steering/spec.ts';
import type { Engine } from '../../workers/client/engine.ts';
import { median } from './median.ts';

export interface SteeringMeasured {
  /** Another strength is asked for → the first steered token is there; the default text is known from before. */
  readonly firstTokenMs: number;
  /** Of the later tokens, in the lab: with a direction added at every step, and with nothing added. */
  readonly steeredPerSecond: number;
  readonly defaultPerSecond: number;
}

const NEW_TOKENS = 24;

/** What a dragged slider waits for, on the lab's own first experiment. */
export async function measureSteering(engine: Engine, repeat: number): Promise<SteeringMeasured> {
  const sampling = { seed: 7, temperature: 0, maxNewTokens: NEW_TOKENS };
  const at = (strength: number): ExperimentSpec => ({
    ...steering.defaults,
    sampling,
    params: {
      steers: (steering.defaults.params['steers'] as readonly object[]).map((steer) => ({ ...steer, strength })) as never,
    },
  });
  const idle: ExperimentSpec = { ...steering.defaults, sampling, params: {} };
  // Shaders, buffers, the dictionary, and the default text.
  await timesOf(engine, idle);
  await timesOf(engine, at(1));
  const steered: Times[] = [];
  const plain: Times[] = [];
  for (let i = 0; i < repeat; i++) {
    // Small strengths, so that the text goes on about as long as the default.
    steered.push(await timesOf(engine, at(0.3 + i / 100)));
    plain.push(await timesOf(engine, idle));
  }
  return {
    firstTokenMs: median(steered.map(({ first }) => first)),
    steeredPerSecond: median(steered.map(({ perSecond }) => perSecond)),
    defaultPerSecond: median(plain.map(({ perSecond }) => perSecond)),
  };
}

interface Times {
  readonly first: number;
  readonly perSecond: number;
}

async function timesOf(engine: Engine, spec: ExperimentSpec): Promise<Times> {
  const began = performance.now();
  const at: number[] = [];
  await engine.run(spec, {
    fresh: true,
    onChunk: (payload) => {
      const chunk = payload as SteeringChunk;
      if (chunk.part === 'token' && chunk.side === 'steered') at.push(performance.now());
    },
  });
  const [first = NaN] = at;
  return { first: first - began, perSecond: ((at.length - 1) / ((at.at(-1) ?? NaN) - first)) * 1e3 };
}
