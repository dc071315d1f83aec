import { createContext, useContext, type ReactElement, type ReactNode } from 'react';

const Shown = createContext<ReadonlySet<string> | null>(null);

export interface PartsProps {
  /** Ids of the parts to show; null: all of them. */
  readonly shown: readonly string[] | null;
  readonly children: ReactNode;
}

/** Limits a panel to some of its parts: what an embed was asked to show. */
export function Parts({ shown, children }: PartsProps): ReactElement {
  return <Shown value={shown === null ? null : new Set(shown)}>{children}</Shown>;
}

/** Whether a piece of a panel is shown. On the site itself all are. */
export function useHasPart(id: string): boolean {
  const shown = useContext(Shown);
  return shown === null || shown.has(id);
}

/** A piece of a panel that an embed may leave out. */
export function Part({ id, children }: { readonly id: string; readonly children: ReactNode }): ReactNode {
  return useHasPart(id) ? children : null;
}

/** The `parts` of an embed's address (`parts=tokens,sides`); null where it does not say, or names none that there are. */
export function readParts(options: URLSearchParams, known: readonly { readonly id: string }[]): readonly string[] | null {
  const asked = options.get('parts')?.split(',') ?? [];
  const found = known.map(({ id }) => id).filter((id) => asked.includes(id));
  return found.length === 0 || found.length === known.length ? null : found;
}

/** Whether this page is in a frame of another: there, nothing is downloaded until it is asked for. */
export const isEmbedded = (): boolean => typeof window !== 'undefined' && window.parent !== window;
