import type { HookName } from '../../../core/hooks.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import type { RunOutput, Tensor } from '../../../workers/api.ts';

/** A captured activation; a missing one is our own mistake and says so. */
export function captured(output: RunOutput, hook: HookName): Tensor {
  const tensor = output.cache.get(hook);
  if (!tensor) throw new VitrineError('internal', `${hook} was not captured`);
  return tensor;
}
