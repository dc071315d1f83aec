import type { BackendName, Quantization } from '../../core/model-config.ts';
import { VitrineError } from '../../core/protocol/errors.ts';
import type { Memory } from '../../core/protocol/messages.ts';
import type { HookedModel, Sae } from '../api.ts';
import { bundleFiles } from '../weights/bundle-files.ts';
import { openBundle, type Bundle } from '../weights/catalogue.ts';
import { readChecked, resolvePath, type FileDigest, type FileSource } from '../weights/file-source.ts';
import { loadModel, loadSae, type LoadOptions } from '../weights/load.ts';
import type { ModelFiles } from '../weights/model-files.ts';
import { heldBytes, needsOfFiles, weightsIn } from '../weights/needs.ts';

/** Who is being served: cancels the downloads, and hears how far they are. */
export interface Customer {
  readonly signal?: AbortSignal;
  progress(phase: string, done: number, total: number, unit: string): void;
  /** Lets messages in; throws when the job was cancelled. */
  checkpoint?(): Promise<void>;
}

interface LoadedModel {
  /** Null: it is not of this site, and has no dictionaries here. */
  readonly bundle: Bundle | null;
  readonly model: HookedModel;
  readonly saes: Map<string, { readonly sae: Sae; used: number }>;
  used: number;
}

/** What was in memory, to bring back after the device was lost. */
export interface Held {
  readonly model: string;
  readonly quantization: Quantization;
  readonly saes: readonly string[];
}

export interface StoreOptions {
  readonly source: FileSource;
  /** Models that are not of this site (of the Hub, of the reader's files); null where the id is not of that kind. */
  readonly openElsewhere?: (id: string) => Promise<ModelFiles> | null;
  /** How the reader wants a model to be loaded where a request does not say. */
  readonly preferred?: (id: string) => Quantization | undefined;
  /** Bytes that everything may hold together. */
  readonly budgetBytes: number;
  readonly backend: BackendName;
}

/**
 * Models and their SAEs in memory. What was used longest ago is freed when the budget is passed, but nothing that the
 * present job has asked for. An SAE is held in its model's quantization, and goes when the model goes.
 */
export class Store {
  readonly #options: StoreOptions;
  readonly #models = new Map<string, LoadedModel>();
  readonly #chosen = new Map<string, Quantization>();
  #customer: Customer = { progress: () => {} };
  /** Counts uses; whatever was used since `#jobStart` belongs to the present job. */
  #clock = 0;
  #jobStart = 0;
  /** Counts how often everything was freed: what was loading meanwhile is too late. */
  #epoch = 0;

  constructor(options: StoreOptions) {
    this.#options = options;
  }

  /** Begins a job: what it asks for from now on is not freed until the next one begins. */
  serve(customer: Customer): void {
    this.#customer = customer;
    this.#jobStart = this.#clock;
  }

  /** @param quantization kept as the reader's choice; without it, the last choice, else what they prefer, else the usual one */
  async model(id: string, quantization?: Quantization): Promise<HookedModel> {
    const wanted = quantization ?? this.#chosen.get(id) ?? this.#options.preferred?.(id);
    const known = this.#models.get(id);
    if (known && (wanted ?? known.model.quantization) === known.model.quantization) {
      known.used = ++this.#clock;
      return known.model;
    }
    const options = this.#loading('model');
    const { bundle, usual, holds, files } = await this.#open(id, options);
    const kind = wanted ?? usual;
    const estimate = this.#checkSize(id, holds(kind));
    // What is there stays usable until the new one is, where both fit; else it comes back with the next request.
    if (known) known.used = ++this.#clock;
    this.#makeRoom(estimate);
    if (known && this.#bytes() + estimate > this.#options.budgetBytes) this.#freeModel(id);
    const epoch = this.#epoch;
    const model = await loadModel(await files(), kind, (sae) => this.sae(id, sae), options);
    if (epoch !== this.#epoch) {
      model.dispose();
      throw new VitrineError('device-lost', `everything was freed while ${id} was loading`);
    }
    if (quantization) this.#chosen.set(id, quantization);
    this.#freeModel(id);
    this.#models.set(id, { bundle, model, saes: new Map(), used: ++this.#clock });
    this.#makeRoom(0);
    return model;
  }

  async sae(modelId: string, id: string): Promise<Sae> {
    const model = await this.model(modelId);
    const holder = this.#models.get(modelId);
    if (!holder) throw new VitrineError('unknown-model', `${modelId} is not in memory`);
    const known = holder.saes.get(id);
    if (known) {
      known.used = ++this.#clock;
      return known.sae;
    }
    const { quantization } = model;
    const { bundle } = holder;
    if (!bundle) throw new VitrineError('unknown-sae', `${modelId} has no dictionary "${id}"`);
    this.#makeRoom(heldBytes(weightsIn(bundle.sae(id).bytes, 'int8'), quantization, this.#options.backend));
    const sae = await loadSae(this.#options.source, bundle, id, model.config, quantization, this.#loading('dictionary'));
    if (this.#models.get(modelId) !== holder) {
      sae.dispose();
      throw new VitrineError('device-lost', `${modelId} was freed while ${id} was loading`);
    }
    holder.saes.set(id, { sae, used: ++this.#clock });
    this.#makeRoom(0);
    return sae;
  }

  /** See `RunContext.file`. */
  async file(path: string, expect?: FileDigest): Promise<Uint8Array> {
    const { source } = this.#options;
    const { signal } = this.#customer;
    const options = signal ? { signal } : {};
    const below = resolvePath('', path);
    return expect ? readChecked(source, below, expect, options) : source.read(below, options);
  }

  /** @param target `<model>` or `<model>/<sae>`; all where absent. Unknown targets are ignored: they are not in memory. */
  release(target?: string): void {
    if (target === undefined) return this.clear();
    if (this.#models.has(target)) return this.#freeModel(target);
    for (const [id, { saes }] of this.#models) {
      const name = target.startsWith(`${id}/`) ? target.slice(id.length + 1) : null;
      const found = name === null ? undefined : saes.get(name);
      if (name === null || !found) continue;
      found.sae.dispose();
      saes.delete(name);
    }
  }

  clear(): void {
    this.#epoch++;
    for (const id of this.#models.keys()) this.#freeModel(id);
  }

  held(): readonly Held[] {
    return [...this.#models].map(([id, { model, saes }]) => ({
      model: id,
      quantization: model.quantization,
      saes: [...saes.keys()],
    }));
  }

  contents(): Pick<Memory, 'models' | 'saes'> {
    return {
      models: [...this.#models].map(([id, { model }]) => ({ id, bytes: model.bytes, quantization: model.quantization })),
      saes: [...this.#models].flatMap(([id, { saes }]) =>
        [...saes].map(([name, { sae }]) => ({ id: `${id}/${name}`, bytes: sae.bytes })),
      ),
    };
  }

  #loading(phase: string): LoadOptions {
    const customer = this.#customer;
    const { signal, progress } = customer;
    // Bytes come in, and are then put on the device: each tells how far it is, and what is shown never goes back.
    let furthest = 0;
    return {
      ...(signal ? { signal } : {}),
      ...(customer.checkpoint ? { checkpoint: () => customer.checkpoint?.() ?? Promise.resolve() } : {}),
      onBytes: (done, total) => progress(phase, (furthest = Math.max(furthest, done)), total, 'bytes'),
    };
  }

  #freeModel(id: string): void {
    const found = this.#models.get(id);
    if (!found) return;
    this.#models.delete(id);
    for (const { sae } of found.saes.values()) sae.dispose();
    found.model.dispose();
  }

  #bytes(): number {
    const { models, saes } = this.contents();
    return [...models, ...saes].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Frees what was used longest ago until `needed` more bytes fit, or until only the present job's things are left. */
  #makeRoom(needed: number): void {
    for (;;) {
      const oldest = this.#bytes() + needed > this.#options.budgetBytes ? this.#oldest() : null;
      if (oldest === null) return;
      this.release(oldest);
    }
  }

  #oldest(): string | null {
    const all = [...this.#models].flatMap(([id, { saes, used }]) => {
      const inner = [...saes].map(([name, entry]) => ({ target: `${id}/${name}`, used: entry.used }));
      return [{ target: id, used: Math.max(used, ...inner.map((i) => i.used)) }, ...inner];
    });
    // Of a model and its last SAE, which tie, the SAE goes first.
    const free = all
      .filter(({ used }) => used <= this.#jobStart)
      .sort((a, b) => a.used - b.used || b.target.length - a.target.length);
    return free[0]?.target ?? null;
  }

  /** Where a model's files are and what they hold; nothing of the weights is read yet. */
  async #open(id: string, options: LoadOptions): Promise<Opened> {
    const { source, backend, openElsewhere } = this.#options;
    const elsewhere = openElsewhere?.(id);
    if (elsewhere) {
      const files = await elsewhere;
      const { held, parameters } = await needsOfFiles(files, options.signal);
      return {
        bundle: null,
        usual: held[0]?.quantization ?? 'int8',
        holds: (kind) =>
          held.find(({ quantization }) => quantization === kind)?.bytes[backend] ?? heldBytes(parameters, kind, backend),
        files: () => Promise.resolve(files),
      };
    }
    const { signal, onBytes } = options;
    const bundle = await openBundle(source, id, signal ? { signal } : {});
    const { requires, parameters, files } = bundle.manifest;
    const stored = bundle.manifest.quantization.kind;
    const total = files.filter((f) => f.role === 'weights').reduce((sum, f) => sum + f.bytes, 0);
    return {
      bundle,
      usual: stored,
      holds: (kind) =>
        kind === stored && backend !== 'cpu'
          ? requires.memoryBytes
          : heldBytes(parameters ?? weightsIn(requires.memoryBytes, stored), kind, backend),
      files: () =>
        bundleFiles(source, bundle, {
          ...(signal ? { signal } : {}),
          onBytes: (done) => onBytes?.(Math.min(done, total), total),
        }),
    };
  }

  #checkSize(id: string, bytes: number): number {
    const { budgetBytes } = this.#options;
    if (bytes > budgetBytes)
      throw new VitrineError('too-large-for-device', `${id} needs ${megabytes(bytes)}; ${megabytes(budgetBytes)} are allowed`, {
        detail: { bytes, budgetBytes },
      });
    return bytes;
  }
}

/** What a model is before it is loaded. */
interface Opened {
  readonly bundle: Bundle | null;
  /** How it is loaded unless the reader chooses. */
  readonly usual: Quantization;
  /** Bytes that it holds in memory where it is loaded as another kind. */
  readonly holds: (kind: Quantization) => number;
  readonly files: () => Promise<ModelFiles>;
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MB`;
