import { useMemo, type ReactElement } from 'react';
import {
  featureRefKey,
  itemKey,
  parseSharedLists,
  type FeatureItem,
  type Library,
  type ReaderList,
} from '../../core/lists/index.ts';
import { specFragment } from '../../core/share/address.ts';
import { featureLink } from '../../core/share/feature-address.ts';
import { toWireError, type WireError } from '../../core/protocol/errors.ts';
import { LABS } from '../shell/labs.ts';
import { ErrorNotice } from '../ui/Notice.tsx';
import { matchText, nameSource, nameText, useNames } from '../views/names.ts';
import { siteShort } from '../views/sites.ts';
import embed from './EmbedPage.module.css';
import page from './Lists.module.css';

type Shared = { readonly library: Library } | { readonly error: WireError };

/** Lists that somebody shares, in a frame: to be read, and to be taken into one's own on the site. */
export default function EmbeddedLists({ packed }: { readonly packed: string }): ReactElement {
  const shared = useMemo((): Shared => {
    try {
      return { library: parseSharedLists(packed) };
    } catch (error) {
      return { error: toWireError(error) };
    }
  }, [packed]);
  if ('error' in shared) return <ErrorNotice error={shared.error} />;
  return (
    <>
      <div className={page.sections}>
        {shared.library.lists.map((list) => (
          <List key={list.id} list={list} labels={shared.library.labels} />
        ))}
      </div>
      <footer className={embed.foot}>
        <span>A list that somebody shares. Names with an F1 are the best match of the curriculum.</span>
        <a href={`#/lists?s=${packed}`}>Keep it in Vitrine</a>
      </footer>
    </>
  );
}

function List({ list, labels }: { readonly list: ReaderList; readonly labels: Library['labels'] }): ReactElement {
  return (
    <section aria-label={list.name}>
      <h1>{list.name}</h1>
      {list.note !== '' && <p className={page.empty}>{list.note}</p>}
      <ol className={page.items} aria-label="Items">
        {list.items.map((item) => (
          <li key={itemKey(item)} className={page.read}>
            {item.kind === 'feature' ? (
              <Feature
                item={item}
                prompt={list.prompt}
                label={labels.find((own) => featureRefKey(own) === featureRefKey(item))?.text}
              />
            ) : (
              <span className={page.what}>
                <a href={specFragment(item.spec)}>{item.title || item.spec.lab}</a>
                <span className={page.id}>
                  experiment · {LABS.find(({ id }) => id === item.spec.lab)?.title ?? item.spec.lab}
                </span>
              </span>
            )}
            {item.note !== '' && <p>{item.note}</p>}
          </li>
        ))}
      </ol>
    </section>
  );
}

interface FeatureProps {
  readonly item: FeatureItem;
  readonly prompt: string;
  /** What whoever shares the list calls it. */
  readonly label: string | undefined;
}

function Feature({ item, prompt, label }: FeatureProps): ReactElement {
  const name = useNames(item.model, [item.sae])(item);
  const match = label === undefined ? matchText(name) : '';
  return (
    <span className={page.what}>
      <a
        href={featureLink(item, prompt)}
        className={label === undefined && name.name === null ? page.unnamed : undefined}
        data-tip={label === undefined ? nameSource(name) || undefined : undefined}
      >
        {label ?? nameText(name)}
      </a>
      <span className={page.id}>
        {item.model} · {siteShort(item.sae)} · {item.feature}
        {match !== '' && ` · ${match}`}
      </span>
    </span>
  );
}
