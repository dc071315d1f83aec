import { promptIds } from '../../core/prompt-ids.ts';
import type { Intervention } from '../../core/interventions.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import type { Provenance, Result, RunId } from '../../core/protocol/messages.ts';
import { completeSpec, hashSpec, parseSpec, type ExperimentSpec } from '../../core/spec/index.ts';
import type { HookedModel, RunContext, Sae, Tensor } from '../api.ts';
import { readMany, tf } from '../kernels/index.ts';
import type { DeviceKeeper } from './device-keeper.ts';
import type { LabModule } from './environment.ts';
import { reductionsFor } from './reductions.ts';
import type { Task } from './scheduler.ts';
import type { Store } from './store.ts';
import { trackModel } from './tracked-model.ts';

/** How long a run may go on for itself after its device is gone. */
const GRACE_MS = 2_000;

export interface LabRun {
  readonly id: RunId;
  /** Untrusted. */
  readonly spec: unknown;
  readonly labs: (id: string) => Promise<LabModule | null>;
  readonly store: Store;
  readonly device: DeviceKeeper;
  readonly task: Task;
  readonly commit: string;
}

/** Validates a spec, brings its model, iterates its lab and posts what it yields. @returns the run's terminal event */
export async function runLab({ id, spec: input, labs, store, device, task, commit }: LabRun): Promise<Result> {
  const start = performance.now();
  const parsed = parseSpec(input);
  const module = await labs(parsed.lab).catch((cause: unknown) => {
    throw new VitrineError('network', `the lab "${parsed.lab}" could not be fetched`, { cause });
  });
  if (!module) throw new VitrineError('unknown-lab', `there is no lab "${parsed.lab}"`);
  const spec = completeSpec(parsed, module.lab);
  const specHash = hashSpec(spec, module.lab);
  const { info } = device;
  if (!info) throw device.lossError();

  const model = await store.model(spec.model);
  const used = new Map<string, Sae>();
  const sae = async (name: string): Promise<Sae> => {
    const loaded = await store.sae(spec.model, name);
    used.set(name, loaded);
    return loaded;
  };
  for (const name of saesOf(spec.interventions ?? [])) await sae(name);
  const checkpoint = async (): Promise<void> => {
    await task.checkpoint();
    if (device.info !== info) throw device.lossError();
  };
  // Plain JavaScript hands out its own storage, which must not be transferred away.
  const read = async (tensors: readonly Tensor[]): Promise<(Float32Array | Int32Array)[]> => {
    const data = await readMany(tensors);
    return info.backend === 'cpu' ? data.map((d) => d.slice()) : data;
  };
  const tracked = trackModel(model);
  const ctx: RunContext = {
    backend: info.backend,
    model: tracked.model,
    sae,
    read,
    reduce: reductionsFor(model.tokenizer.size),
    file: (path, expect) => store.file(path, expect),
    tf,
    checkpoint,
    progress: (phase, done, total, unit) => task.progress(phase, done, total, unit),
  };
  const payload = await iterate(module.run(spec, ctx), { task, checkpoint, device }).finally(() => tracked.free());
  return {
    type: 'result',
    id,
    specHash,
    payload,
    provenance: {
      commit,
      specHash,
      lab: spec.lab,
      labV: module.lab.version,
      model: { id: model.id, digest: model.digest, quantization: model.quantization },
      saes: [...used.values()].map((s) => ({ id: s.id, digest: s.digest })),
      backend: info.backend,
      adapter: info.adapter,
      seed: spec.sampling?.seed ?? null,
      bos: await startsWithBos(spec, model),
      ablation: ablationOf(spec.interventions ?? []),
      milliseconds: performance.now() - start,
    },
  };
}

async function iterate(
  generator: AsyncGenerator<unknown, unknown>,
  { task, checkpoint, device }: Pick<LabRun, 'task' | 'device'> & { readonly checkpoint: () => Promise<void> },
): Promise<unknown> {
  let ended = false;
  try {
    for (;;) {
      const step = await device.guard(generator.next());
      if (step.done) {
        ended = true;
        return step.value;
      }
      task.chunk(step.value);
      await checkpoint();
    }
  } finally {
    // Lets the lab clean up. On a lost device it may still be waiting for an answer that does not come.
    if (!ended) await Promise.race([generator.return(undefined).catch(() => {}), delay(GRACE_MS)]);
  }
}

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function saesOf(interventions: readonly Intervention[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const i of interventions) {
    if (i.kind === 'saeFeature') names.add(i.sae);
    else if (i.kind === 'add' && i.vector.from === 'decoder') names.add(i.vector.sae);
  }
  return names;
}

/** Whether the first prompt begins with the model's BOS. */
async function startsWithBos(spec: ExperimentSpec, { tokenizer }: HookedModel): Promise<boolean> {
  const [first] = spec.prompts;
  if (!first || tokenizer.bosId === null) return false;
  if ('text' in first) return tokenizer.encodePrompt('', first.bos).length > 0;
  return (await promptIds(tokenizer, first))[0] === tokenizer.bosId;
}

/** The ways in which activations were replaced, as the provenance names them. */
function ablationOf(interventions: readonly Intervention[]): Provenance['ablation'] {
  const kinds = new Set<string>();
  for (const i of interventions) {
    if (i.kind === 'zero' || i.kind === 'patch') kinds.add(i.kind);
    else if (i.kind === 'mean') kinds.add(`mean over ${i.over}`);
  }
  return kinds.size === 0 ? null : [...kinds].join(', ');
}
