import { isRemoteId } from '../../core/files/remote.ts';
import { forModel } from '../../core/spec/for-model.ts';
import { modelName } from '../state/hub.ts';
import { say } from '../state/notices.ts';
import { catalogue, experiments } from './app.ts';
import { LABS } from './labs.ts';

/** Asks every lab's question of another model from now on. */
export function switchModel(id: string): void {
  const entry = catalogue.store.getState().models?.find((model) => model.id === id);
  const saes = entry?.saes.map((sae) => sae.id) ?? [];
  for (const lab of LABS) {
    experiments.setSpec(lab.id, (spec) => forModel(spec, id, saes, lab.defaults.saes));
    experiments.save(lab.id);
  }
  say(`${nameOf(id)} is used in every lab now.`);
}

/** A model's name for a reader. */
export function nameOf(id: string): string {
  return catalogue.store.getState().models?.find((model) => model.id === id)?.name ?? (isRemoteId(id) ? modelName(id) : id);
}
