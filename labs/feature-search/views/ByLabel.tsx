import { useMemo, useState, type ReactElement } from 'react';
import { useLabels } from '../../../app/state/labels.ts';
import { useScheme } from '../../../app/charts/scheme.ts';
import { Figure } from '../../../app/views/Figure.tsx';
import { Part } from '../../../app/state/embed-parts.tsx';
import { TextField } from '../../../app/ui/Field.tsx';
import { ErrorNotice } from '../../../app/ui/Notice.tsx';
import { useDictionaries } from '../../../app/views/names.ts';
import { number, percent, plural } from '../../../app/views/numbers.ts';
import { toWireError } from '../../../core/protocol/errors.ts';
import { Hits, type Hit } from './Hits.tsx';
import { labelDocuments, useLabelIndex, type LabelDocument } from './label-index.tsx';
import { hitsSvg } from './picture.tsx';
import type { SearchContext } from './panel.tsx';
import styles from './search.module.css';

const SHOWN = 100;

/** Full text over what features are called: the reader's own labels and notes, and names from ground truth. */
export function ByLabel({ context }: { readonly context: SearchContext }): ReactElement {
  const { props, model, names, text, file } = context;
  const scheme = useScheme();
  const { spec, setView } = props;
  const saes = useMemo(() => model?.saes ?? [], [model]);
  const known = useDictionaries(
    spec.model,
    saes.map(({ id }) => id),
  );
  const labels = useLabels();
  const documents = useMemo(() => labelDocuments(spec.model, saes, known, labels), [spec.model, saes, known, labels]);
  const [attempt, setAttempt] = useState(0);
  const { index, failed } = useLabelIndex(documents, attempt);
  const { query } = spec.view;
  const found = useMemo(() => {
    const byId = new Map(documents.map((document) => [document.id, document]));
    if (!index || query.trim() === '') return [];
    return index.search(query).flatMap(({ id, score }) => {
      const document = byId.get(String(id));
      return document ? [{ document, score }] : [];
    });
  }, [index, documents, query]);
  const own = documents.filter(({ own }) => own !== '').length;
  const named = documents.length - documents.filter(({ truth }) => truth === '').length;
  const hits = found.slice(0, SHOWN).map(({ document }) => hitOf(document));
  const waiting = saes.some(({ id }) => (known[`${spec.model}/${id}`]?.state ?? 'loading') === 'loading');
  return (
    <div className={styles.stack}>
      <Part id="question">
        <TextField
          label="Words"
          type="search"
          value={query}
          onChange={(next) => setView({ query: next })}
          maxLength={200}
          placeholder="name, year, sentiment …"
          hint={`Looks in ${plural(own, 'label')} of your own with their notes, and in ${plural(named, 'name')} from ground truth. The beginning of a word is enough, and a letter may be wrong.`}
        />
      </Part>
      <Part id="results">
        {failed !== null && <ErrorNotice error={toWireError(failed)} onRetry={() => setAttempt(attempt + 1)} />}
        {query.trim() === '' ? (
          <p className={styles.empty}>
            {documents.length === 0 && !waiting
              ? 'Nothing has a name here yet. Open a feature and label it, and it is found here.'
              : 'Type a word to look for.'}
          </p>
        ) : found.length === 0 ? (
          <p className={styles.empty} aria-live="polite">
            {index && !waiting ? 'No feature is called anything like that.' : 'Names are on their way.'}
          </p>
        ) : (
          <Figure
            name={`Features called “${query.trim()}”`}
            caption={
              <span aria-live="polite">
                {plural(found.length, 'feature')}
                {found.length > SHOWN ? `, the best ${SHOWN} shown` : ''}, best match first.
              </span>
            }
            file={`${file}-label`}
            data={{
              columns: ['dictionary', 'feature', 'your label', 'name from ground truth', 'F1', 'density', 'score of the match'],
              rows: () =>
                found.map(({ document: d, score }) => [
                  d.sae,
                  d.feature,
                  d.own,
                  d.truth,
                  d.truth === '' ? NaN : d.f1,
                  d.density,
                  score,
                ]),
              format: (x) => (Number.isNaN(x) ? '' : number(x)),
            }}
            svg={() =>
              hitsSvg(
                {
                  title: `Features called “${query.trim()}”`,
                  model: spec.model,
                  hits,
                  names,
                  legend: 'F1 of the name from ground truth; best match of the words first',
                },
                scheme,
              )
            }
          >
            <Hits label="Features found" model={spec.model} hits={hits} names={names} prompt={text} />
          </Figure>
        )}
      </Part>
    </div>
  );
}

function hitOf({ id, sae, hook, feature, own, truth, f1, density }: LabelDocument): Hit {
  const value = truth === '' ? '' : `F1 ${number(f1)}`;
  return {
    key: id,
    sae,
    hook,
    feature,
    value,
    amount: truth === '' ? NaN : f1,
    of: own !== '' ? 'your label' : truth === '' ? '' : 'ground truth',
    fact: Number.isNaN(density) ? '' : `on ${percent(density)}`,
  };
}
