import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';

/** What may lie over the page; one at a time. */
export type DialogName = 'palette' | 'model' | 'share' | 'keys' | 'explain' | 'provenance';

const store: StoreApi<{ readonly open: DialogName | null }> = createStore(() => ({ open: null }));

export function openDialog(name: DialogName): void {
  store.setState({ open: name });
}

export function closeDialog(): void {
  store.setState({ open: null });
}

export function useOpenDialog(): DialogName | null {
  return useStore(store, ({ open }) => open);
}

export function openedDialog(): DialogName | null {
  return store.getState().open;
}
