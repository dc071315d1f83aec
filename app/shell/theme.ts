import type { Theme } from '../state/preferences.ts';
import { isEmbed, parsePlace } from '../state/address.ts';
import { preferences } from './app.ts';

/** Keeps the page in the reader's theme; `public/theme.js` has set it before the first paint. */
export function keepTheme(): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const forced = matchMedia('(forced-colors: active)');
  const apply = (): void => {
    const place = parsePlace(location.hash);
    const asked = isEmbed(place) ? place.options.get('theme') : null;
    const chosen = asked === 'light' || asked === 'dark' ? asked : preferences.store.getState().theme;
    // Shades keep their own colours where others are forced, so they must be those of the forced surface.
    const theme = forced.matches ? 'system' : chosen;
    document.documentElement.dataset['theme'] = resolved(theme, dark.matches);
    document.querySelector('meta[name=theme-color]')?.setAttribute('content', getComputedStyle(document.body).backgroundColor);
  };
  apply();
  dark.addEventListener('change', apply);
  forced.addEventListener('change', apply);
  window.addEventListener('hashchange', apply);
  preferences.store.subscribe(apply);
}

function resolved(theme: Theme, systemDark: boolean): 'light' | 'dark' {
  if (theme !== 'system') return theme;
  return systemDark ? 'dark' : 'light';
}
