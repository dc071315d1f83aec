import { createStore, type StoreApi } from 'zustand/vanilla';
import { isWeights, localId, nameOfFiles } from '../../core/files/checkpoint.ts';
import type { HubNeeds } from '../../core/files/hub.ts';
import type { Quantization } from '../../core/model-config.ts';
import { toWireError, type WireError } from '../../core/protocol/errors.ts';
import type { ModelEntry } from './catalogue.ts';
import { memoryIn, weightsOf } from './fit.ts';
import type { Persistence } from './persistence.ts';

export interface NamedFile {
  readonly name: string;
  readonly blob: Blob;
}

/** Files of this device that were opened as a model. */
export interface LocalEntry {
  /** `local:<name>`. */
  readonly id: string;
  readonly files: readonly NamedFile[];
  readonly needs: HubNeeds;
  /** How it is loaded: one of `HubNeeds.held`, the first of them where absent. */
  readonly quantization?: Quantization | undefined;
}

/** Files that were dropped or picked, before the reader has said to open them. */
export interface OfferedFiles {
  readonly id: string;
  readonly files: readonly NamedFile[];
  /** Null while it is being read. */
  readonly needs: HubNeeds | null;
  readonly error: WireError | null;
}

export interface LocalModelsState {
  readonly models: readonly LocalEntry[];
  readonly offered: OfferedFiles | null;
}

/** Files cannot be named again after the tab closes, so nothing of them is kept or shared. */
export const LOCAL_MODELS_PERSISTENCE: Persistence<LocalModelsState> = {
  models: { url: false, local: false, export: false },
  offered: { url: false, local: false, export: false },
};

export interface LocalModels {
  readonly store: StoreApi<LocalModelsState>;
  /**
   * Reads what files are, without their weights. Never rejects.
   * @param name of the model; without it that of its weights
   */
  offer(files: readonly NamedFile[], name?: string): Promise<void>;
  /** Makes a model of what is offered. @param quantization how it is loaded @returns its id */
  confirm(quantization?: Quantization): string | null;
  dismiss(): void;
  /** Forgets a model; its files stay where they are. */
  remove(id: string): Promise<void>;
}

export interface LocalModelsOptions {
  readonly needs: (files: readonly NamedFile[]) => Promise<HubNeeds>;
  /** Hands the files to the engine. */
  readonly give: (id: string, files: readonly NamedFile[], quantization?: Quantization) => void;
  /** Takes them from the engine again, with what it has loaded of them. */
  readonly take: (id: string) => Promise<void>;
}

export function createLocalModels({ needs, give, take }: LocalModelsOptions): LocalModels {
  const store = createStore<LocalModelsState>(() => ({ models: [], offered: null }));
  return {
    store,
    async offer(files, name) {
      const id = localId(name ?? nameOfFiles(files));
      const offered = { id, files, needs: null, error: null };
      store.setState({ offered });
      const current = (): boolean => store.getState().offered === offered;
      try {
        const found = await needs(files);
        if (current()) store.setState({ offered: { ...offered, needs: found } });
      } catch (error) {
        if (current()) store.setState({ offered: { ...offered, error: toWireError(error) } });
      }
    },
    confirm(quantization) {
      const { offered } = store.getState();
      if (!offered?.needs) return null;
      const { id, files, needs: found } = offered;
      give(id, files, quantization);
      store.setState(({ models }) => ({
        models: [...models.filter((known) => known.id !== id), { id, files, needs: found, quantization }],
        offered: null,
      }));
      return id;
    },
    dismiss: () => store.setState({ offered: null }),
    async remove(id) {
      store.setState(({ models }) => ({ models: models.filter((known) => known.id !== id) }));
      await take(id);
    },
  };
}

export const named = (files: readonly File[]): readonly NamedFile[] => files.map((file) => ({ name: file.name, blob: file }));

/** As the catalogue lists it beside the site's own models. */
export function asLocalModel({ id, files, needs, quantization }: LocalEntry): ModelEntry {
  return {
    id,
    name: id.replace(/^local:/, ''),
    family: needs.family,
    license: '',
    config: needs.config,
    files: files.map(({ name, blob }) => ({
      path: name,
      bytes: blob.size,
      sha256: '',
      role: isWeights(name) ? 'weights' : 'text',
    })),
    quantization: { kind: weightsOf(needs, quantization) },
    ...memoryIn(needs, quantization),
    parameters: needs.parameters,
    saes: [],
    folder: '',
    source: 'local',
  };
}
