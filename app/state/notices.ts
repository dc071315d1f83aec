import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Persistence } from './persistence.ts';

/** What the reader can do about a notice, on a button. */
export interface NoticeAction {
  readonly label: string;
  readonly run: () => void;
}

export interface SpokenNotice {
  readonly id: number;
  readonly text: string;
  /** A notice with an action stays until it is taken or dismissed, unless it is only an offer. */
  readonly action?: NoticeAction;
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

/** Milliseconds for which an offer stays, such as to undo something. */
const OFFERED = 20_000;

/** Shows a sentence for a moment with an action that nobody needs to answer, such as to undo what was done. */
export const offer = (text: string, action: NoticeAction): void => show(text, action, OFFERED);

/** Shows a sentence for a moment, and lets a screen reader say it. With an action it stays until the reader answers it. */
export const say = (text: string, action?: NoticeAction): void => show(text, action, action ? null : STAYS);

/** @param stays milliseconds; null: until it is answered */
function show(text: string, action: NoticeAction | undefined, stays: number | null): void {
  const notice = { id: count++, text, ...(action ? { action } : {}) };
  noticesStore.setState(({ notices }) => {
    const others = notices.filter((n) => n.text !== text);
    const lasting = others.filter((n) => n.action !== undefined);
    const passing = others.filter((n) => n.action === undefined).slice(-2);
    return { notices: [...lasting, ...passing, notice] };
  });
  if (stays !== null) setTimeout(() => dismissNotice(notice.id), stays);
}

export function dismissNotice(id: number): void {
  noticesStore.setState(({ notices }) => ({ notices: notices.filter((n) => n.id !== id) }));
}
