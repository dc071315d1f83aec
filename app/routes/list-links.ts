import type { FeatureItem, ReaderList } from '../../core/lists/index.ts';
import { labFragment } from '../../core/share/address.ts';
import { LINK_BUDGET } from '../../core/share/codec.ts';
import { HOME_LAB } from '../state/address.ts';

const isFeature = (item: ReaderList['items'][number]): item is FeatureItem => item.kind === 'feature';

/** Explore with the features of a list pinned, on the list's text; null where they are of several models or none. */
export function togetherInExplore({ items, prompt }: ReaderList): string | null {
  const features = items.filter(isFeature);
  const [first] = features;
  if (!first || features.some(({ model }) => model !== first.model)) return null;
  const fragment = labFragment({
    v: 1,
    lab: HOME_LAB,
    labV: 1,
    model: first.model,
    saes: [...new Set(features.map(({ sae }) => sae))].slice(0, 64),
    prompts: [{ text: prompt === '' ? 'When Mary and John went to the store, John gave a drink to' : prompt }],
    params: {},
    view: { pinned: features.slice(0, 50).map(({ sae, feature }) => `${sae}/${feature}`) },
  });
  return fragment.length <= LINK_BUDGET ? fragment : null;
}
