import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { HookName } from '../../core/hooks.ts';
import type { Persistence } from './persistence.ts';

/** What the pointer (or the keyboard) is on. Each view lights up the most specific part of it that it can show. */
export interface FocusAddress {
  readonly model?: string;
  readonly layer?: number;
  readonly head?: number;
  readonly hook?: HookName;
  readonly sae?: string;
  readonly feature?: number;
  readonly pos?: number;
  /** Token id. */
  readonly token?: number;
}

export interface FocusState {
  readonly focus: FocusAddress | null;
}

export const FOCUS_PERSISTENCE: Persistence<FocusState> = { focus: { url: false, local: false, export: false } };

/** Milliseconds for which a focus stays after the pointer has left, so that crossing a gap does not flicker. */
export const FOCUS_LINGER = 160;

export const focusStore: StoreApi<FocusState> = createStore<FocusState>(() => ({ focus: null }));
let leaving: ReturnType<typeof setTimeout> | undefined;

/** Replaces the whole focus at once. */
export function setFocus(focus: FocusAddress): void {
  clearTimeout(leaving);
  focusStore.setState({ focus });
}

/** Lets the focus go after a moment, unless something else takes it. */
export function clearFocus(): void {
  clearTimeout(leaving);
  leaving = setTimeout(() => focusStore.setState({ focus: null }), FOCUS_LINGER);
}

/** Reads a part of the focus; the component renders again only when that part changes. Return a primitive. */
export function useFocus<T>(select: (focus: FocusAddress | null) => T): T {
  return useStore(focusStore, ({ focus }) => select(focus));
}
