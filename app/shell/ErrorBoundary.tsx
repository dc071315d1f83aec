import { Component, type ReactNode } from 'react';
import { toWireError } from '../../core/protocol/errors.ts';
import { ErrorNotice } from '../ui/Notice.tsx';

export interface ErrorBoundaryProps {
  /** What it holds, in words, for the notice. */
  readonly what: string;
  readonly children: ReactNode;
  /** When it changes, the content is tried again. */
  readonly resetKey?: string;
  /** Called before the content is drawn again. */
  readonly onRetry?: () => void;
}

interface State {
  readonly error: unknown;
  readonly key: string | undefined;
}

/** Keeps a part that fails from taking the page with it. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, State> {
  override readonly state: State = { error: null, key: this.props.resetKey };

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { error };
  }

  static getDerivedStateFromProps({ resetKey }: ErrorBoundaryProps, state: State): State | null {
    return resetKey === state.key ? null : { error: null, key: resetKey };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    const wire = toWireError(error);
    return (
      <ErrorNotice
        error={{ ...wire, message: `${this.props.what} could not be drawn: ${wire.message}` }}
        onRetry={() => {
          this.props.onRetry?.();
          this.setState({ error: null });
        }}
      />
    );
  }
}
