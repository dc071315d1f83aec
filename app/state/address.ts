import { isRemoteId } from '../../core/files/remote.ts';
import { specFragment, specFromUrl } from '../../core/share/address.ts';
import { LINK_BUDGET } from '../../core/share/codec.ts';
import { FEATURE_LAB, HOME_LAB, parseFeaturePath } from '../../core/share/feature-address.ts';
import { toWireError } from '../../core/protocol/errors.ts';
import type { Experiments } from './experiment.ts';
import { noteLink } from './link-held.ts';

export { HOME_LAB };

export type Place =
  | { readonly page: 'home' }
  | { readonly page: 'lab'; readonly lab: string; readonly hasSpec: boolean; readonly options: URLSearchParams }
  /** A lab or a dashboard without the shell. */
  | { readonly page: 'embed'; readonly lab: string; readonly hasSpec: boolean; readonly options: URLSearchParams }
  /** A dashboard: a lab whose address is readable. */
  | {
      readonly page: 'feature';
      readonly lab: typeof FEATURE_LAB;
      readonly model: string;
      readonly sae: string;
      readonly feature: number;
      readonly hasSpec: true;
    }
  /** The features of a dictionary, or the dictionaries of a model. */
  | { readonly page: 'features'; readonly model: string; readonly sae: string | null; readonly filter: string }
  /** The same without the shell. */
  | { readonly page: 'embed-features'; readonly model: string; readonly sae: string; readonly options: URLSearchParams }
  /** Lists that are in the link, without the shell. */
  | { readonly page: 'embed-lists'; readonly packed: string; readonly options: URLSearchParams }
  | { readonly page: 'models' }
  /** The reader's lists; `packed`: lists that are in the link. */
  | { readonly page: 'lists'; readonly packed: string | null }
  | { readonly page: 'list'; readonly list: string }
  | { readonly page: 'model'; readonly model: string }
  | { readonly page: 'unknown'; readonly path: string };

/** What stands in a frame, without the shell. */
export type EmbedPlace = Extract<Place, { readonly page: 'embed' | 'embed-features' | 'embed-lists' }>;
/** A page with its shell. */
export type WholePlace = Exclude<Place, EmbedPlace>;
export const isEmbed = (place: Place): place is EmbedPlace => /^embed\b/.test(place.page);

/** Reads a fragment (`#/lab/explore?s=…`). Total: whatever it is not, it is `unknown`. */
export function parsePlace(fragment: string): Place {
  const [path = '', query = ''] = fragment.replace(/^#?\/?/, '').split('?', 2);
  const parts = path.split('/').filter((part) => part !== '');
  const embed = parts[0] === 'embed';
  const [first, second, ...rest] = embed ? parts.slice(1) : parts;
  if (first === undefined && !embed) return { page: 'home' };
  const options = new URLSearchParams(query);
  if (first === 'lab' && second !== undefined && rest.length === 0)
    return { page: embed ? 'embed' : 'lab', lab: second, hasSpec: options.has('s'), options };
  const feature = parseFeaturePath(parts.join('/'));
  if (feature && embed) return { page: 'embed', lab: FEATURE_LAB, hasSpec: true, options };
  if (feature) return { page: 'feature', lab: FEATURE_LAB, hasSpec: true, ...feature };
  if (first === 'features' && second !== undefined) {
    const sae = rest.length === 0 ? null : rest.join('/');
    if (!embed) return { page: 'features', model: second, sae, filter: options.get('q') ?? '' };
    if (sae !== null) return { page: 'embed-features', model: second, sae, options };
  }
  const packed = options.get('s');
  if (first === 'lists' && embed && second === undefined && packed !== null) return { page: 'embed-lists', packed, options };
  if (first === 'lists' && !embed && rest.length === 0)
    return second === undefined ? { page: 'lists', packed } : { page: 'list', list: second };
  if (first === 'models' && !embed) {
    // Ids of the Hub, and of other addresses, have parts of their own.
    const model = path.slice(path.indexOf('/') + 1);
    if (second === undefined) return { page: 'models' };
    if (rest.length === 0 || isRemoteId(model)) return { page: 'model', model };
  }
  return { page: 'unknown', path };
}

/** The lab that a place shows; null for pages without one. */
export function labOf(place: Place): string | null {
  if (place.page === 'home') return HOME_LAB;
  return 'lab' in place ? place.lab : null;
}

/** What the address module needs of the browser; tests bring their own. */
export interface AddressHost {
  fragment(): string;
  replace(fragment: string): void;
  push(fragment: string): void;
  onChange(listener: () => void): void;
  /** @returns a function that calls it off */
  later(milliseconds: number, action: () => void): () => void;
}

/** Browsers refuse more than a hundred changes of the address in half a minute. */
const PAUSE = 320;

export interface Address {
  /** Writes what is pending now. */
  flush(): void;
  /** A run was asked for: what stands now becomes an entry of its own in the browser's history. */
  commit(): void;
}

/**
 * Ties the experiment before the reader to the address, both ways. While something changes, the entry is replaced; a run
 * or a change of the lab makes a new one, so that “back” leads to the experiment run before. An experiment too long for a
 * link is kept in local storage only, and the address then names the lab alone.
 */
export function connectAddress(experiments: Experiments, host: AddressHost): Address {
  const { store } = experiments;
  let committed = host.fragment();
  let following = false;
  let callOff: (() => void) | null = null;

  const follow = (): void => {
    const { lab } = store.getState();
    // What was typed last is kept, even where the reader leaves before the address could follow.
    if (callOff && lab !== null) experiments.save(lab);
    callOff?.();
    callOff = null;
    following = true;
    try {
      read();
    } finally {
      following = false;
      committed = host.fragment();
    }
  };
  const read = (): void => {
    const fragment = host.fragment();
    const place = parsePlace(fragment);
    if (place.page === 'home') return experiments.openDefaults(HOME_LAB);
    if (!('lab' in place)) return experiments.setBadLink(null);
    if (!experiments.definition(place.lab)) return experiments.setBadLink(null);
    try {
      if (place.page === 'embed' && !place.hasSpec) experiments.openDefaults(place.lab);
      else experiments.open(place.lab, place.hasSpec ? specFromUrl(fragment) : undefined);
      noteLink(store.getState().drafts[place.lab]?.hash, fragment);
    } catch (error) {
      experiments.open(place.lab);
      experiments.setBadLink({ address: fragment, error: toWireError(error) });
    }
  };
  /** The address of what stands now; null where the place on screen is no lab, or an embed, whose address stays. */
  const current = (): string | null => {
    const place = parsePlace(host.fragment());
    const lab = store.getState().lab;
    if (lab === null || !isWritten(place)) return null;
    try {
      const fragment = specFragment(experiments.minimal(lab));
      return fragment.length <= LINK_BUDGET ? fragment : `#/lab/${lab}`;
    } catch {
      return `#/lab/${lab}`;
    }
  };
  const write = (): void => {
    callOff = null;
    const lab = store.getState().lab;
    const fragment = current();
    if (fragment === null || lab === null) return;
    experiments.save(lab);
    if (fragment !== host.fragment()) host.replace(fragment);
    // What is selected belongs to the entry that is there.
    if (science(fragment) === science(committed)) committed = fragment;
  };
  const flush = (): void => {
    if (!callOff) return;
    callOff();
    write();
  };

  follow();
  host.onChange(follow);
  store.subscribe((now, before) => {
    const same = now.lab === null || now.drafts[now.lab]?.spec === before.drafts[now.lab]?.spec;
    if (!following && !same) callOff ??= host.later(PAUSE, write);
  });
  return {
    flush,
    commit() {
      flush();
      const fragment = current();
      if (fragment === null || science(fragment) === science(committed)) return;
      if (isWritten(parsePlace(committed))) {
        host.replace(committed);
        host.push(fragment);
      } else if (fragment !== host.fragment()) host.push(fragment);
      committed = fragment;
    },
  };
}

/** Pages whose address follows the experiment; that of an embed stays as it was given. */
const isWritten = ({ page }: Place): boolean => page === 'home' || page === 'lab' || page === 'feature';

/** Two addresses of the same experiment, looked at differently, are one step of the history. */
function science(fragment: string): string {
  try {
    const { view: _view, ...rest } = specFromUrl(fragment);
    return JSON.stringify(rest);
  } catch {
    return fragment;
  }
}

/** The browser's own address. */
export function browserAddress(): AddressHost {
  return {
    fragment: () => location.hash,
    // An empty address would mean “the same as now”.
    replace: (fragment) => history.replaceState(history.state, '', fragment === '' ? '#/' : fragment),
    push: (fragment) => history.pushState(null, '', fragment === '' ? '#/' : fragment),
    onChange: (listener) => window.addEventListener('hashchange', listener),
    later(milliseconds, action) {
      const timer = setTimeout(action, milliseconds);
      return () => clearTimeout(timer);
    },
  };
}
