import type { ReactElement } from 'react';
import { useStore } from 'zustand';
import { catalogue, experiments } from '../shell/app.ts';
import { labFragment } from '../../core/share/address.ts';
import { forModel } from '../../core/spec/for-model.ts';
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
        model).{' '}
        {lab === PAIRS ? (
          'A pair of texts, or a vector, is steered with without any.'
        ) : (
          <>
            <a href={pairsLink(model.id)}>Steering with a pair of texts</a> works without any.
          </>
        )}
      </p>
      {other && (
        <Button size="s" onClick={() => switchModel(other.id)}>
          Ask {other.name} instead
        </Button>
      )}
    </div>
  );
}

/** The lab that works on any model: its first example is a direction from pairs of texts. */
const PAIRS = 'steering';

function pairsLink(model: string): string {
  const definition = experiments.definition(PAIRS);
  return definition ? labFragment(forModel(definition.defaults, model, [])) : `#/lab/${PAIRS}`;
}
