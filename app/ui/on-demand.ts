import { createElement, useSyncExternalStore, type ComponentType, type ReactElement, type ReactNode } from 'react';

export interface OnDemand<Props extends object> {
  /** The component; until its code is there, what `instead` says. */
  (props: Props & { readonly instead?: ReactNode }): ReactNode;
  /** Fetches the code, once; again where it did not arrive. */
  want(): void;
}

/**
 * A component whose code comes when a reader is about to need it. Unlike `lazy`, what stands in its place stays usable where the
 * code does not arrive, and the next wish asks for it again.
 */
export function onDemand<Props extends object>(load: () => Promise<ComponentType<Props>>): OnDemand<Props> {
  let found: ComponentType<Props> | null = null;
  let loading = false;
  const listeners = new Set<() => void>();
  const subscribe = (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const current = (): ComponentType<Props> | null => found;
  const want = (): void => {
    if (found || loading) return;
    loading = true;
    load().then(
      (component) => {
        found = component;
        for (const listener of listeners) listener();
      },
      () => {
        loading = false;
      },
    );
  };
  function OnDemand({ instead, ...props }: Props & { readonly instead?: ReactNode }): ReactElement | ReactNode {
    const component = useSyncExternalStore(subscribe, current, current);
    return component ? createElement(component, props as unknown as Props) : instead;
  }
  return Object.assign(OnDemand, { want });
}
