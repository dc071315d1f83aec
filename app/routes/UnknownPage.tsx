import type { ReactElement } from 'react';
import { LABS } from '../shell/labs.ts';
import styles from './LabPage.module.css';

/** An address that leads nowhere: says so, and where one can go instead. */
export default function UnknownPage({ what }: { readonly what: string }): ReactElement {
  return (
    <>
      <h1>There is nothing here</h1>
      <p className={styles.lead}>This site does not have {what}. The link may be old, or a letter is missing.</p>
      <nav aria-label="Where to go instead">
        <a className={styles.question} href="#/">
          <b>The start page</b>
          <span>One prompt, one picture, the questions one can ask</span>
        </a>
        {LABS.map(({ id, title, question }) => (
          <a key={id} className={styles.question} href={`#/lab/${id}`}>
            <b>{title}</b>
            <span>{question}</span>
          </a>
        ))}
        <a className={styles.question} href="#/models">
          <b>Models</b>
          <span>What can be loaded here</span>
        </a>
      </nav>
    </>
  );
}
