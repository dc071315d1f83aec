/** Looks up and downloads models of the Hub and of other addresses. A worker of its own: it goes on while the engine computes, restarts or fails. */
import { HUB_HOST } from '../core/files/hub.ts';
import { toWireError } from '../core/protocol/errors.ts';
import type { HubAnswer, HubAsk, HubEvent } from './weights/hub/messages.ts';
import { localNeeds } from './weights/hub/needs.ts';
import { download, free, kept, look, needs } from './weights/hub/service.ts';

const running = new Map<string, AbortController>();
const post = (event: HubEvent): void => self.postMessage(event);

async function answer(ask: Exclude<HubAsk, { type: 'cancel' }>, signal: AbortSignal): Promise<HubAnswer> {
  const { id } = ask;
  switch (ask.type) {
    case 'look':
      return { type: 'found', id, found: await look(ask.target, ask, signal) };
    case 'needs':
      return { type: 'needed', id, needs: await needs(ask.model, ask, signal) };
    case 'local-needs':
      return { type: 'needed', id, needs: await localNeeds(ask.files, signal) };
    case 'download':
      await download(ask.model, {
        host: ask.host,
        token: ask.token,
        signal,
        onProgress: (done, total) => post({ type: 'progress', id, done, total }),
      });
      return { type: 'done', id };
    case 'kept':
      return { type: 'kept', id, bytes: await kept(ask.models, { host: HUB_HOST, token: null }) };
    case 'free':
      await free(ask.model, ask.others, { host: HUB_HOST, token: null });
      return { type: 'done', id };
  }
}

self.addEventListener('message', ({ data: ask }: MessageEvent<HubAsk>) => {
  if (ask.type === 'cancel') return running.get(ask.id)?.abort();
  const controller = new AbortController();
  running.set(ask.id, controller);
  void answer(ask, controller.signal)
    .catch((error: unknown): HubAnswer =>
      controller.signal.aborted ? { type: 'cancelled', id: ask.id } : { type: 'failed', id: ask.id, error: toWireError(error) },
    )
    .then((event) => {
      running.delete(ask.id);
      post(event);
    });
});
