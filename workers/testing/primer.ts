import { bundleFiles } from '../weights/bundle-files.ts';
import { join } from 'node:path';
import type { HookName } from '../../core/hooks.ts';
import type { Metric } from '../../core/metrics.ts';
import type { Quantization } from '../../core/model-config.ts';
import { folderSource } from '../../scripts/node-engine/file-source.ts';
import type { HookedModel, Sae, TokenBatch } from '../api.ts';
import { openBundle } from '../weights/catalogue.ts';
import { loadModel, loadSae } from '../weights/load.ts';
import { readGolden, type Golden } from './goldens.ts';

interface SaeGolden {
  /** Active features of each token of the rows, one row after the other. */
  readonly active: readonly (readonly number[])[];
  /** [token, feature] so close to the threshold that float32 may decide either way. */
  readonly near: readonly (readonly [number, number])[];
  readonly sha256: string;
}
export interface PrimerMeta {
  readonly weightsSha256: string;
  readonly rows: TokenBatch;
  readonly metric: Metric;
  readonly saes: Readonly<Record<string, SaeGolden>>;
  readonly prompts: readonly {
    readonly text: string;
    readonly ids: readonly number[];
    readonly top: readonly number[];
    readonly logProbs: readonly number[];
  }[];
  readonly greedy: readonly { readonly prompt: readonly number[]; readonly tokens: readonly number[] }[];
}

const source = folderSource(join(import.meta.dirname, '../../public'));

/** `primer` as readers get it, on the open backend. */
export async function primerModel(quantization: Quantization = 'int8'): Promise<HookedModel> {
  const bundle = await openBundle(source, 'primer');
  const model: HookedModel = await loadModel(await bundleFiles(source, bundle), quantization, (id) =>
    loadSae(source, bundle, id, model.config, quantization),
  );
  return model;
}

export async function primerSae(id: string, model: HookedModel, quantization: Quantization = 'int8'): Promise<Sae> {
  return loadSae(source, await openBundle(source, 'primer'), id, model.config, quantization);
}

/** The golden of `primer`; says what to do where the bundle is another one by now. */
export async function primerGolden(): Promise<Golden<PrimerMeta>> {
  const golden = readGolden<PrimerMeta>('primer');
  const { manifest } = await openBundle(source, 'primer');
  const weights = manifest.files.find((file) => file.role === 'weights')?.sha256 ?? 'none';
  const saes = manifest.saes.filter((sae) => golden.meta.saes[sae.id]?.sha256 !== sae.sha256).map((sae) => sae.id);
  if (weights !== golden.meta.weightsSha256 || saes.length > 0)
    throw new Error(
      `workers/testdata/primer.* is of another bundle (weights ${golden.meta.weightsSha256.slice(0, 12)}, here ${weights.slice(0, 12)}; ` +
        `${saes.length} other SAEs). Run: python training/goldens/make.py --primer`,
    );
  return golden;
}

/** Where the activation of a hook is stored: blocks hand their output on unchanged. */
export function storedAs(hook: HookName): string {
  const [, layer] = /^blocks\.(\d+)\.hook_resid_pre$/.exec(hook) ?? [];
  return layer === undefined || layer === '0' ? `act/${hook}` : `act/blocks.${Number(layer) - 1}.hook_resid_post`;
}
