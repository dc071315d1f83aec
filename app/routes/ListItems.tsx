import type { ReactElement } from 'react';
import {
  itemKey,
  LIST_LIMITS,
  type ExperimentItem,
  type FeatureItem,
  type ListItem,
  type ReaderList,
} from '../../core/lists/index.ts';
import { specFragment } from '../../core/share/address.ts';
import { featureLink } from '../../core/share/feature-address.ts';
import { steerLink } from '../../core/share/steer-link.ts';
import { LABS } from '../shell/labs.ts';
import { setLabel, useLabel } from '../state/labels.ts';
import { addItems, moveItem, noteItem, removeItem } from '../state/lists.ts';
import { offer } from '../state/notices.ts';
import { IconButton } from '../ui/Button.tsx';
import { stepRows, usePlainKeys } from '../ui/keys.ts';
import { matchText, nameSource, nameText, useNames } from '../views/names.ts';
import { siteShort } from '../views/sites.ts';
import { Kept } from './Kept.tsx';
import page from './Lists.module.css';

/** What is on a list, in the reader's own order, each with a label and a note to write. */
export function ListItems({ list }: { readonly list: ReaderList }): ReactElement {
  usePlainKeys((key) => stepRows(key, '[data-items] > li > :first-child > a:first-child'));
  if (list.items.length === 0)
    return (
      <p className={page.empty}>
        Nothing is on this list yet. <a href="#/lab/feature-search">Find features</a> and press “List” beside one, or open an
        experiment and add it from the palette (⌘K or Ctrl K).
      </p>
    );
  return (
    <ol className={page.items} aria-label="Items" data-items="">
      {list.items.map((item, i) => (
        <li key={itemKey(item)} className={page.item}>
          {item.kind === 'feature' ? <Feature item={item} prompt={list.prompt} /> : <Experiment item={item} />}
          <Kept
            label={`Note on ${nameOf(item)}`}
            hideLabel
            placeholder="Note"
            area
            value={item.note}
            most={LIST_LIMITS.note}
            onKeep={(note) => noteItem(list.id, itemKey(item), note)}
          />
          <Order list={list} item={item} at={i} />
        </li>
      ))}
    </ol>
  );
}

const nameOf = (item: ListItem): string =>
  item.kind === 'feature' ? `feature ${item.feature} of ${siteShort(item.sae)}` : `“${item.title}”`;

function Feature({ item, prompt }: { readonly item: FeatureItem; readonly prompt: string }): ReactElement {
  const label = useLabel(item);
  const name = useNames(item.model, [item.sae])(item);
  const match = matchText(name);
  return (
    <div className={page.what}>
      <a
        href={featureLink(item, prompt)}
        className={name.name === null ? page.unnamed : undefined}
        data-tip={nameSource(name) || undefined}
      >
        {nameText(name)}
      </a>
      <span className={page.id}>
        {item.model} · {siteShort(item.sae)} · {item.feature}
        {match !== '' && ` · ${match}`}
      </span>
      <span className={page.more}>
        <Kept
          label={`Label of ${nameOf(item)}`}
          hideLabel
          placeholder="Label it"
          value={label ?? ''}
          most={LIST_LIMITS.label}
          onKeep={(text) => setLabel(item, text)}
        />
        <a href={steerLink({ ...ref(item), ...(prompt === '' ? {} : { prompt }) })}>Steer</a>
      </span>
    </div>
  );
}

const ref = ({ model, sae, feature }: FeatureItem): Pick<FeatureItem, 'model' | 'sae' | 'feature'> => ({ model, sae, feature });

function Experiment({ item }: { readonly item: ExperimentItem }): ReactElement {
  const lab = LABS.find(({ id }) => id === item.spec.lab);
  return (
    <div className={page.what}>
      {lab ? <a href={specFragment(item.spec)}>{item.title || lab.title}</a> : <span>{item.title}</span>}
      <span className={page.id}>
        {lab ? `experiment · ${lab.title} · ${item.spec.model}` : `of a lab that this site does not have (${item.spec.lab})`}
      </span>
    </div>
  );
}

interface OrderProps {
  readonly list: ReaderList;
  readonly item: ListItem;
  readonly at: number;
}

function Order({ list, item, at }: OrderProps): ReactElement {
  const key = itemKey(item);
  const name = nameOf(item);
  const remove = (): void =>
    void removeItem(list.id, key).then(() =>
      offer(`${name.charAt(0).toUpperCase()}${name.slice(1)} is off the list.`, {
        label: 'Undo',
        run: () => void addItems(list.id, [item]),
      }),
    );
  return (
    <span className={page.order}>
      <IconButton label={`Move ${name} up`} disabled={at === 0} onClick={() => void moveItem(list.id, key, -1)}>
        ↑
      </IconButton>
      <IconButton
        label={`Move ${name} down`}
        disabled={at === list.items.length - 1}
        onClick={() => void moveItem(list.id, key, 1)}
      >
        ↓
      </IconButton>
      <IconButton label={`Take ${name} off the list`} onClick={remove}>
        ×
      </IconButton>
    </span>
  );
}
