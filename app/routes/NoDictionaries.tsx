import type { ReactElement } from 'react';
import { useStore } from 'zustand';
import { catalogue, experiments } from '../shell/app.ts';
import { switchModel } from '../shell/switch-model.ts';
import { Button } from '../ui/Button.tsx';
import styles from './Models.module.css';

/** One sentence above a lab that speaks of features, where the model has no dictionaries, and a way to one that has. */
export function NoDictionaries({ lab }: { readonly lab: string }): ReactElement | null {
  const id = useStore(experiments.store, ({ drafts }) => drafts[lab]?.spec.model);
  const models = useStore(catalogue.store, (state) => state.models);
  const model = models?.find((known) => known.id === id);
  const other = models?.find(({ saes }) => saes.length > 0);
  if (experiments.definition(lab)?.needs.saes !== true || !model || model.saes.length > 0) return null;
  return (
    <div className={styles.missing}>
      <p>
        {model.name} comes without dictionaries: what this lab shows of features needs one (a sparse autoencoder of this very
        model), everything else works.
      </p>
      {other && (
        <Button size="s" onClick={() => switchModel(other.id)}>
          Ask {other.name} instead
        </Button>
      )}
    </div>
  );
}
