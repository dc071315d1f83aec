import { createStore, type StoreApi } from 'zustand/vanilla';
import type { BackendChoice } from '../../core/protocol/messages.ts';
import { keepLocally, type LocalStore, type Persistence } from './persistence.ts';

export type Theme = 'system' | 'light' | 'dark';

export interface Preferences {
  readonly theme: Theme;
  readonly backend: BackendChoice;
  /** Start the engine by itself once a page stands; off: only when asked. */
  readonly autoStart: boolean;
  /** Prompts that were run, newest first. */
  readonly recentPrompts: readonly string[];
  readonly savedPrompts: readonly string[];
  /** Addresses of labs and of features that were open, newest first: `#/lab/steering`, `#/feature/primer/…/413`. */
  readonly recentPlaces: readonly string[];
}

export const PREFERENCES_PERSISTENCE: Persistence<Preferences> = {
  theme: { url: false, local: true, export: false },
  backend: { url: false, local: true, export: false },
  autoStart: { url: false, local: true, export: false },
  recentPrompts: { url: false, local: true, export: false },
  savedPrompts: { url: false, local: true, export: true },
  recentPlaces: { url: false, local: true, export: false },
};

/** Also read by `public/theme.js`, before anything is drawn. */
export const PREFERENCES_KEY = 'vitrine:preferences';
const RECENT = 12;
const SAVED = 100;
const PLACES = 8;
const THEMES: readonly Theme[] = ['system', 'light', 'dark'];
const BACKENDS: readonly BackendChoice[] = ['auto', 'webgpu', 'wasm', 'cpu'];

export interface PreferencesStore {
  readonly store: StoreApi<Preferences>;
  setTheme(theme: Theme): void;
  setBackend(backend: BackendChoice): void;
  setAutoStart(autoStart: boolean): void;
  /** Puts a prompt that was run on top of the recent ones. */
  remember(prompt: string): void;
  /** Puts the address of a lab or a feature on top of the recent ones. */
  visit(place: string): void;
  /** Saves a prompt, or drops it where it is saved. */
  toggleSaved(prompt: string): void;
}

/** What the reader chose, kept in this browser. */
export function createPreferences(storage: LocalStore | null): PreferencesStore {
  const store = createStore<Preferences>(() => ({
    theme: 'system',
    backend: 'auto',
    autoStart: true,
    recentPrompts: [],
    savedPrompts: [],
    recentPlaces: [],
  }));
  keepLocally(store, { key: PREFERENCES_KEY, policies: PREFERENCES_PERSISTENCE, storage, read });
  return {
    store,
    setTheme: (theme) => store.setState({ theme }),
    setBackend: (backend) => store.setState({ backend }),
    setAutoStart: (autoStart) => store.setState({ autoStart }),
    remember(prompt) {
      if (prompt.trim() === '') return;
      const rest = store.getState().recentPrompts.filter((known) => known !== prompt);
      store.setState({ recentPrompts: [prompt, ...rest].slice(0, RECENT) });
    },
    visit(place) {
      const rest = store.getState().recentPlaces.filter((known) => known !== place);
      store.setState({ recentPlaces: [place, ...rest].slice(0, PLACES) });
    },
    toggleSaved(prompt) {
      const { savedPrompts } = store.getState();
      const rest = savedPrompts.filter((known) => known !== prompt);
      const saved = rest.length < savedPrompts.length ? rest : [prompt, ...rest].slice(0, SAVED);
      store.setState({ savedPrompts: saved });
    },
  };
}

function read(stored: Readonly<Record<string, unknown>>): Partial<Preferences> {
  const theme = THEMES.find((known) => known === stored['theme']);
  const backend = BACKENDS.find((known) => known === stored['backend']);
  return {
    ...(theme ? { theme } : {}),
    ...(backend ? { backend } : {}),
    ...(typeof stored['autoStart'] === 'boolean' ? { autoStart: stored['autoStart'] } : {}),
    recentPrompts: texts(stored['recentPrompts'], RECENT),
    savedPrompts: texts(stored['savedPrompts'], SAVED),
    recentPlaces: texts(stored['recentPlaces'], PLACES),
  };
}

const texts = (value: unknown, most: number): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string').slice(0, most) : [];
