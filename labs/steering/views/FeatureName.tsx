import type { ReactElement } from 'react';
import { matchText, nameSource, nameText, type FeatureName as Name } from '../../../app/views/names.ts';
import styles from './steering.module.css';

/** A feature by its name, as a link to its dashboard; its number stands beside it. */
export function FeatureName({ href, name }: { readonly href: string; readonly name: Name }): ReactElement {
  const match = matchText(name);
  return (
    <>
      <a href={href} data-tip={nameSource(name) || undefined} className={name.name === null ? styles.unnamed : undefined}>
        {nameText(name)}
      </a>
      {match !== '' && <span className={styles.place}> {match}</span>}
    </>
  );
}
