import type { ReactElement } from 'react';
import { useStore } from 'zustand';
import { catalogue } from '../shell/app.ts';
import { count, megabytes } from '../shell/format.ts';
import { LABS } from '../shell/labs.ts';
import { downloadBytes } from '../state/catalogue.ts';
import styles from './LabPage.module.css';

/** Below the start page's picture: further questions, each a lab, and the models. */
export function HomeSections({ lab }: { readonly lab: string }): ReactElement {
  return (
    <div className={styles.sections}>
      <section aria-labelledby="ask-further">
        <h2 id="ask-further">Ask further</h2>
        {LABS.filter(({ id }) => id !== lab).map(({ id, title, question }) => (
          <a key={id} className={styles.question} href={`#/lab/${id}`}>
            <b>{question}</b>
            <span>{title}</span>
          </a>
        ))}
        <a className={styles.question} href="#/models">
          <b>What was this model made of, and how good is it?</b>
          <span>Model card, scores, dictionaries</span>
        </a>
      </section>
      <ModelTeaser />
    </div>
  );
}

function ModelTeaser(): ReactElement | null {
  const models = useStore(catalogue.store, (state) => state.models);
  const model = models?.[0];
  if (!model) return null;
  return (
    <section aria-labelledby="the-model">
      <h2 id="the-model">The model on this page</h2>
      <dl className={styles.facts}>
        <dt>Name</dt>
        <dd>
          <a href={`#/models/${model.id}`}>{model.name}</a>
        </dd>
        {model.parameters !== undefined && (
          <>
            <dt>Size</dt>
            <dd>
              {count(model.parameters)} parameters, {megabytes(downloadBytes(model, []))} to download
            </dd>
          </>
        )}
        {model.trainedTokens !== undefined && (
          <>
            <dt>Trained on</dt>
            <dd>{count(model.trainedTokens)} tokens of a text whose making is known</dd>
          </>
        )}
        <dt>Dictionaries</dt>
        <dd>{model.saes.length} sparse autoencoders</dd>
      </dl>
    </section>
  );
}
