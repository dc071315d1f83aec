import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Persistence } from './persistence.ts';

export interface SpokenNotice {
  readonly id: number;
  readonly text: string;
}

export interface NoticesState {
  /** Short sentences about what just happened, oldest first. */
  readonly notices: readonly SpokenNotice[];
}

export const NOTICES_PERSISTENCE: Persistence<NoticesState> = { notices: { url: false, local: false, export: false } };

/** Milliseconds for which a sentence stays. */
const STAYS = 6_000;

export const noticesStore: StoreApi<NoticesState> = createStore<NoticesState>(() => ({ notices: [] }));
let count = 0;

/** Shows a sentence for a moment, and lets a screen reader say it. */
export function say(text: string): void {
  const notice = { id: count++, text };
  noticesStore.setState(({ notices }) => ({ notices: [...notices.filter((n) => n.text !== text), notice].slice(-3) }));
  setTimeout(() => noticesStore.setState(({ notices }) => ({ notices: notices.filter((n) => n.id !== notice.id) })), STAYS);
}
