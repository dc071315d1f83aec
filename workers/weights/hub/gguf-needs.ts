import type { HubModel, HubNeeds } from '../../../core/files/hub.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import type { HubFilesOptions } from './open.ts';

export function ggufNeeds(model: HubModel, _options: HubFilesOptions, _signal?: AbortSignal): Promise<HubNeeds> {
  return Promise.reject(new VitrineError('unsupported-file', `${model.id}: GGUF headers are not read yet`));
}
