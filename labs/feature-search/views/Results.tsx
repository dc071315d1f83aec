import type { ReactElement, ReactNode } from 'react';
import { Part } from '../../../app/state/embed-parts.tsx';
import { Waiting } from '../../../app/views/Waiting.tsx';
import { NoDictionary } from './Controls.tsx';
import type { SearchContext } from './panel.tsx';
import styles from './search.module.css';

export interface ResultsProps {
  readonly context: SearchContext;
  /** Something was found, and `children` shows it. */
  readonly found: boolean;
  readonly waiting: boolean;
  readonly children: ReactNode;
}

/** What the engine found; before that, what is missing or on its way. */
export function Results({ context, found, waiting, children }: ResultsProps): ReactElement {
  return (
    <Part id="results">
      <div className={styles.answer} data-stale={context.found.stale ? '' : undefined}>
        {(context.props.spec.saes ?? []).length === 0 ? (
          <NoDictionary context={context} />
        ) : found ? (
          children
        ) : waiting ? (
          <Waiting label="Features are on their way" rows={12} />
        ) : (
          <p className={styles.empty}>Press Run to search.</p>
        )}
      </div>
    </Part>
  );
}
