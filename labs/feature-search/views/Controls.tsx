import type { ReactElement } from 'react';
import { Select } from '../../../app/ui/Field.tsx';
import { SiteSelect } from '../../../app/views/SiteSelect.tsx';
import { withParams, type SearchContext } from './panel.tsx';
import styles from './search.module.css';

const DENSITIES: readonly { readonly value: string; readonly label: string }[] = [
  { value: '', label: 'any share' },
  { value: '0.1', label: '≤ 10 % of text' },
  { value: '0.01', label: '≤ 1 % of text' },
  { value: '0.001', label: '≤ 0.1 % of text' },
];
const COUNTS = [20, 50, 100, 200, 500];

/** Where to look, how common a feature may be, and how many to show. */
export function Controls({ context }: { readonly context: SearchContext }): ReactElement {
  const { props, model, ask } = context;
  const { params, saes } = props.spec;
  const density = params.maxDensity === null ? '' : String(params.maxDensity);
  const densities = DENSITIES.some(({ value }) => value === density)
    ? DENSITIES
    : [...DENSITIES, { value: density, label: `≤ ${(params.maxDensity ?? 0) * 100} % of text` }];
  const counts = [...new Set([...COUNTS, params.results])].sort((a, b) => a - b);
  return (
    <>
      <SiteSelect saes={model?.saes ?? null} chosen={saes ?? []} onChange={(next) => ask((spec) => ({ ...spec, saes: next }))} />
      <Select
        label="Active on"
        inline
        value={density}
        options={densities}
        onChange={(value) => ask(withParams({ maxDensity: value === '' ? null : Number(value) }))}
      />
      <Select
        label="Show"
        inline
        value={String(params.results)}
        options={counts.map((n) => ({ value: String(n), label: `${n}` }))}
        onChange={(value) => ask(withParams({ results: Number(value) }))}
      />
    </>
  );
}

/** Nothing can be found where nothing is looked at. */
export function NoDictionary({ context }: { readonly context: SearchContext }): ReactElement {
  const { model, ask } = context;
  return (
    <div className={styles.empty}>
      <p>No dictionary is chosen, so there is nothing to search.</p>
      {model?.saes.length !== 0 && (
        <button
          type="button"
          className={styles.link}
          onClick={() => ask((spec) => ({ ...spec, saes: model?.saes.map(({ id }) => id) ?? [] }))}
        >
          Search all of them
        </button>
      )}
    </div>
  );
}
