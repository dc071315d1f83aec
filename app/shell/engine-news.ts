import type { StoreApi } from 'zustand/vanilla';
import type { EngineSnapshot } from '../../workers/client/engine.ts';
import { say } from '../state/notices.ts';
import { backendLabel } from './format.ts';

/** Says in a sentence when the engine is lost, back, or runs elsewhere than before. */
export function sayEngineNews(store: StoreApi<EngineSnapshot>): () => void {
  return store.subscribe(({ status }, { status: before }) => {
    if (status.state === before.state && !(status.state === 'ready' && before.state === 'ready')) return;
    if (status.state === 'recovering') say('The engine stopped and is starting again. What you typed is kept.');
    else if (status.state === 'failed') say('The engine does not run. The model sheet says why.');
    else if (status.state === 'ready' && before.state === 'recovering')
      say(`The engine is back, on ${backendLabel(status.info.backend)}.`);
  });
}
