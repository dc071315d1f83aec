import { useEffect, type ReactElement } from 'react';
import { useStore } from 'zustand';
import { catalogue } from '../shell/app.ts';
import { Skeleton } from '../ui/Disclosure.tsx';
import { DictionaryTable } from './DictionaryTable.tsx';
import page from './ModelPage.module.css';
import styles from './LabPage.module.css';
import { SaeMap } from './SaeMap.tsx';
import UnknownPage from './UnknownPage.tsx';

export interface FeaturesPageProps {
  readonly model: string;
  /** Null: the dictionaries of the model. */
  readonly sae: string | null;
  /** What the table is filtered by to begin with. */
  readonly filter: string;
}

/** The features of a dictionary as a table and as a map; or a model's dictionaries, layers × sites. */
export default function FeaturesPage({ model: id, sae, filter }: FeaturesPageProps): ReactElement {
  const models = useStore(catalogue.store, (state) => state.models);
  useEffect(() => void catalogue.load(), []);
  if (models === null) return <Skeleton height="60vh" label="Loading the catalogue" />;
  const model = models.find((known) => known.id === id);
  if (!model) return <UnknownPage what={`a model called “${id}”`} />;
  if (sae !== null) {
    const entry = model.saes.find((known) => known.id === sae);
    if (!entry) return <UnknownPage what={`a dictionary “${sae}” of ${id}`} />;
    return <DictionaryTable model={model} entry={entry} filter={filter} />;
  }
  return (
    <>
      <h1>Features of {model.name}</h1>
      <p className={styles.lead}>
        {model.saes.length === 0
          ? 'No dictionary of this model is known here.'
          : `Its ${model.saes.length} dictionaries, by layer and by what they read. A press opens the list of features of one.`}
      </p>
      {model.saes.length > 0 && (
        <div className={page.sections}>
          <section aria-label="Dictionaries">
            <SaeMap model={model} href={(saeId) => `#/features/${model.id}/${saeId}`} says="lists its features" />
          </section>
        </div>
      )}
    </>
  );
}
