import { useSyncExternalStore } from 'react';
import type { Scheme } from './scales/colour.ts';

const read = (): Scheme => (document.documentElement.dataset['theme'] === 'dark' ? 'dark' : 'light');

function subscribe(listener: () => void): () => void {
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  return () => observer.disconnect();
}

/** The scheme that the page shows now; light where there is no page. */
export function useScheme(): Scheme {
  return useSyncExternalStore(subscribe, read, () => 'light');
}
