import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { localModels } from '../../scripts/lib/local-models.ts';

/** The folder below which `models/` is, for `npm run test:models`. */
export const MODELS_SITE: string = process.env['MODELS_SITE'] ?? join(import.meta.dirname, '../../public');

const asked = process.env['MODELS_ONLY']?.split(',') ?? ['smollm2-135m', 'gemma-3-270m'];

/** Packaged models that are to be checked: those asked for, all of which must be here, else those that were added. */
export const MODELS_HERE: readonly string[] = asked.filter((id) => {
  if (localModels(MODELS_SITE).some((model) => model.id === id)) return true;
  if (process.env['MODELS_ONLY'] !== undefined) throw new Error(`${id} is not here; npm run model:add ${id} gets it`);
  process.stderr.write(`${id} is not here and not checked; npm run model:add ${id} gets it\n`);
  return false;
});

/** Bytes of a packaged model's weights file. */
export function fileBytes(id: string): number {
  const { files } = JSON.parse(readFileSync(join(MODELS_SITE, 'models', id, 'manifest.json'), 'utf8')) as {
    readonly files: readonly { readonly role: string; readonly bytes: number }[];
  };
  return files.filter(({ role }) => role === 'weights').reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * Logits, absolute. transformers rounds the dequantized weights as we do; what is left is the order of float32 sums through
 * 18 or 30 blocks, on logits of a size of 20 to 40; measured on WASM: 1.2e-4.
 */
export const LOGIT_TOLERANCE = 5e-4;

/** `real-<id>`, written by training/goldens/real_models.py. */
export interface RealGolden {
  readonly sha256: string;
  readonly prompts: readonly (readonly number[])[];
  /** Ids whose logits are stored. */
  readonly columns: readonly number[];
  readonly top: readonly {
    readonly positions: readonly number[];
    /** Of each position the eleven most probable ones, so that the tenth can be told from the next. */
    readonly ids: readonly (readonly number[])[];
    readonly logits: readonly (readonly number[])[];
    /** Of all logits at each position, natural: what makes probabilities of them. */
    readonly logSumExp: readonly number[];
  }[];
  readonly greedy: readonly { readonly prompt: number; readonly tokens: readonly number[]; readonly leastMargin: number }[];
}
