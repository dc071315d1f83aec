import { createStore, type StoreApi } from 'zustand/vanilla';
import type { BackendChoice } from '../../core/protocol/messages.ts';
import type { Engine, EngineSnapshot } from '../../workers/client/engine.ts';
import type { Persistence } from './persistence.ts';

export const ENGINE_PERSISTENCE: Persistence<EngineSnapshot> = {
  status: { url: false, local: false, export: false },
  // The reader's choice is kept with the preferences.
  backend: { url: false, local: false, export: false },
  memory: { url: false, local: false, export: false },
};

export interface EngineHost {
  /** What the engine says of itself; `idle` until something is asked of it. */
  readonly store: StoreApi<EngineSnapshot>;
  /** Made with the first call. The worker starts with the first run, load or `start`. */
  engine(): Engine;
  /** Restarts on another backend, or remembers it for the start. */
  setBackend(choice: BackendChoice): void;
}

/**
 * Holds the one engine of the page. Nothing is downloaded before the first call of `engine`.
 * @param create makes the engine with the backend that is chosen by then
 */
export function createEngineHost(create: (backend: BackendChoice) => Engine, backend: BackendChoice): EngineHost {
  const store = createStore<EngineSnapshot>(() => ({ status: { state: 'idle' }, backend, memory: null }));
  let made: Engine | null = null;
  return {
    store,
    engine() {
      if (!made) {
        made = create(store.getState().backend);
        const engine = made;
        engine.subscribe(() => store.setState(engine.snapshot(), true));
        store.setState(engine.snapshot(), true);
      }
      return made;
    },
    setBackend(choice) {
      if (made) made.setBackend(choice);
      else store.setState({ backend: choice });
    },
  };
}
