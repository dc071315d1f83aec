import type { ReactElement } from 'react';
import { useStore } from 'zustand';
import { FEATURE_LAB } from '../../core/share/feature-address.ts';
import { HOME_LAB, type WholePlace } from '../state/address.ts';
import type { Theme } from '../state/preferences.ts';
import { Button, IconButton } from '../ui/Button.tsx';
import { Kbd } from '../ui/Disclosure.tsx';
import { experiments, preferences } from './app.ts';
import { openDialog } from './dialogs.ts';
import { ModelChip } from './ModelChip.tsx';
import { MOD } from './shortcuts.ts';
import { nameOf } from './switch-model.ts';
import styles from './TopBar.module.css';

const NEXT: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' };
const NAMES: Readonly<Record<Theme, string>> = { system: 'as the system', light: 'light', dark: 'dark' };

/** The bar above every page: where one is, and what applies everywhere. */
export function TopBar({ place }: { readonly place: WholePlace }): ReactElement {
  const theme = useStore(preferences.store, (state) => state.theme);
  const isLab = place.page === 'home' || place.page === 'lab' || place.page === 'feature';
  return (
    <header className={styles.bar}>
      <a href="#/" className={styles.brand}>
        <svg width="13" height="13" viewBox="0 0 26 26" aria-hidden="true">
          <path d="M13 0 26 13H0z" fill="var(--u6)" />
          <path d="M0 13h26L13 26z" fill="var(--u3)" />
        </svg>
        <span className={styles.brandName}>Vitrine</span>
      </a>
      <span className={styles.crumb}>{place.page === 'feature' ? <FeatureCrumb /> : crumb(place)}</span>
      <span className={styles.space} />
      <button type="button" className={styles.search} onClick={() => openDialog('palette')} aria-label="Search or jump">
        <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" className={styles.glass}>
          <path
            d="M9.5 9.5 13 13M6 10.5a4.5 4.5 0 1 1 0-9 4.5 4.5 0 0 1 0 9Z"
            fill="none"
            stroke="currentColor"
            strokeWidth="1.5"
          />
        </svg>
        <span className={styles.searchText}>Search or jump</span>
        <Kbd>{MOD}K</Kbd>
      </button>
      <ModelChip />
      {isLab && <Button onClick={() => openDialog('share')}>Share</Button>}
      <IconButton
        label={`Theme: ${NAMES[theme]}. Switch to ${NAMES[NEXT[theme]]}`}
        onClick={() => preferences.setTheme(NEXT[theme])}
      >
        <ThemePicture theme={theme} />
      </IconButton>
    </header>
  );
}

/** The dashboard before the reader, which may have gone on from the one of the address that was opened. */
function FeatureCrumb(): ReactElement {
  const place = useStore(experiments.store, ({ drafts }) => {
    const spec = drafts[FEATURE_LAB]?.spec;
    return spec ? `${spec.model}/${spec.saes?.[0] ?? ''}` : null;
  });
  if (place === null) return <>Feature</>;
  return (
    <>
      {place.split('/')[0]} / <a href={`#/features/${place}`}>{place.split('/').slice(1).join('/')}</a>
    </>
  );
}

function crumb(place: WholePlace): string {
  switch (place.page) {
    case 'home':
      return experiments.definition(HOME_LAB)?.title ?? '';
    case 'lab':
      return experiments.definition(place.lab)?.title ?? 'Unknown lab';
    case 'feature':
      return 'Feature';
    case 'features':
      return place.sae === null ? `${place.model} / Features` : `${place.model} / ${place.sae}`;
    case 'lists':
    case 'list':
      return 'Lists';
    case 'models':
      return 'Models';
    case 'model':
      return `Models / ${nameOf(place.model)}`;
    case 'unknown':
      return 'Nothing here';
  }
}

function ThemePicture({ theme }: { readonly theme: Theme }): ReactElement {
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="1.4">
      {theme === 'light' && (
        <path d="M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8 13 13M3 13l1.2-1.2M11.8 4.2 13 3" />
      )}
      {theme === 'dark' && <path d="M13.5 9.8A6 6 0 0 1 6.2 2.5a6 6 0 1 0 7.3 7.3Z" />}
      {theme === 'system' && (
        <>
          <circle cx="8" cy="8" r="6" />
          <path d="M8 2a6 6 0 0 1 0 12Z" fill="currentColor" stroke="none" />
        </>
      )}
    </svg>
  );
}
