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
