import { useMemo, type ReactElement } from 'react';
import type { EmbedPlace } from '../state/address.ts';
import { Parts, readParts } from '../state/embed-parts.tsx';
import { useModels } from '../state/use-model.ts';
import { Skeleton } from '../ui/Disclosure.tsx';
import { Notice } from '../ui/Notice.tsx';
import { DictionaryTable } from './DictionaryTable.tsx';
import styles from './EmbedPage.module.css';

/** What an embed can choose from. */
export const DICTIONARY_PARTS: readonly { readonly id: string }[] = [{ id: 'about' }, { id: 'map' }, { id: 'table' }];

/** The features of a dictionary in a frame: as a map and as a table, or one of them. */
export default function EmbeddedFeatures({
  place: { model: id, sae, options },
}: {
  readonly place: Extract<EmbedPlace, { readonly page: 'embed-features' }>;
}): ReactElement {
  const models = useModels();
  const shown = useMemo(() => readParts(options, DICTIONARY_PARTS), [options]);
  if (models === null) return <Skeleton height="300px" label="Loading the catalogue" />;
  const model = models.find((known) => known.id === id);
  const entry = model?.saes.find((known) => known.id === sae);
  const link = `#/features/${id}/${sae}`;
  if (!model || !entry)
    return (
      <Notice title={`There is no dictionary “${sae}” of ${id} here`}>
        <a href="#/models">See the models that there are</a>
      </Notice>
    );
  return (
    <>
      <Parts shown={shown}>
        <DictionaryTable model={model} entry={entry} filter={options.get('q') ?? ''} />
      </Parts>
      <footer className={styles.foot}>
        <span>What is stored about the dictionary; nothing is computed.</span>
        <a href={link}>Open in Vitrine</a>
      </footer>
    </>
  );
}
