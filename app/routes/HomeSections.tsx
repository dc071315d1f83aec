import type { ReactElement } from 'react';
import { useStore } from 'zustand';
import { forModel } from '../../core/spec/for-model.ts';
import { minimalSpec, type ExperimentSpec, type LabDefinition } from '../../core/spec/index.ts';
import { labFragment } from '../../core/share/address.ts';
import { FEATURE_LAB, featureLink } from '../../core/share/feature-address.ts';
import { steerLink } from '../../core/share/steer-link.ts';
import { catalogue, experiments } from '../shell/app.ts';
import { count, megabytes } from '../shell/format.ts';
import { LABS } from '../shell/labs.ts';
import { useAtHand, type AtHandState } from '../state/at-hand.ts';
import { downloadBytes, type ModelEntry } from '../state/catalogue.ts';
import { siteShort } from '../views/sites.ts';
import styles from './LabPage.module.css';

/** Below the start page's picture: further questions about this prompt and its strongest feature, and the model. */
export function HomeSections({ lab }: { readonly lab: string }): ReactElement {
  const spec = useStore(experiments.store, ({ drafts }) => drafts[lab]?.spec ?? null);
  const model = useStore(catalogue.store, ({ models }) => models?.find(({ id }) => id === spec?.model) ?? null);
  const { feature } = useAtHand();
  return (
    <div className={styles.sections}>
      <section aria-labelledby="ask-further">
        <h2 id="ask-further">Ask further</h2>
        {questions(lab, spec, model, feature?.model === spec?.model ? feature : null).map(({ question, about, href }) => (
          <a key={question} className={styles.question} href={href}>
            <b>{question}</b>
            <span>{about}</span>
          </a>
        ))}
      </section>
      {model && <ModelTeaser model={model} />}
    </div>
  );
}

interface Question {
  readonly question: string;
  readonly about: string;
  readonly href: string;
}

/** The questions of the labs, each asked of what is on the page. */
function questions(
  here: string,
  spec: ExperimentSpec | null,
  model: ModelEntry | null,
  feature: AtHandState['feature'],
): readonly Question[] {
  const [first] = spec?.prompts ?? [];
  const prompt = first && 'text' in first ? first.text : '';
  const [sae] = spec?.saes ?? [];
  const known = model?.saes.some(({ id }) => id === sae) === true;
  return [
    ...(feature
      ? [
          {
            question: 'What does this feature mean?',
            about: `Feature ${feature.feature} of ${siteShort(feature.sae)}, the first above`,
            href: featureLink(feature, prompt),
          },
          {
            question: 'Change its mind',
            about: 'Steering with that feature, on this text',
            href: steerLink({ ...feature, strength: 2, ...(prompt === '' ? {} : { prompt }) }),
          },
        ]
      : []),
    ...LABS.filter(({ id }) => id !== here && !(feature && (id === FEATURE_LAB || id === 'steering'))).map((lab) => ({
      question: lab.question,
      about: lab.title,
      href: asked(lab, spec, model),
    })),
    ...(model && known && sae !== undefined
      ? [
          {
            question: 'Is this dictionary any good?',
            about: `All features of ${siteShort(sae)}, as a map and a table`,
            href: `#/features/${model.id}/${sae}`,
          },
        ]
      : []),
    {
      question: 'What was this model made of, and how good is it?',
      about: 'Model card, scores, dictionaries',
      href: model ? `#/models/${model.id}` : '#/models',
    },
  ];
}

/** A lab as it begins, of the model and the prompts that are on the page. */
function asked(lab: LabDefinition, spec: ExperimentSpec | null, model: ModelEntry | null): string {
  if (!spec || !model || lab.defaults.prompts.length === 0) return `#/lab/${lab.id}`;
  const { defaults } = lab;
  const saes = model.saes.map(({ id }) => id);
  try {
    return labFragment(minimalSpec({ ...forModel(defaults, model.id, saes, defaults.saes), prompts: spec.prompts }, lab));
  } catch {
    // What stands in the prompt may not be an experiment yet.
    return `#/lab/${lab.id}`;
  }
}

function ModelTeaser({ model }: { readonly model: ModelEntry }): ReactElement {
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
