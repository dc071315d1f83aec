import { useState, type ReactElement, type ReactNode } from 'react';
import { ERRORS, type WireError } from '../../core/protocol/errors.ts';
import { Button } from './Button.tsx';
import styles from './Notice.module.css';
import { cx } from './cx.ts';

export interface NoticeProps {
  readonly tone?: 'plain' | 'warn' | 'bad';
  readonly title: ReactNode;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
}

/** Something the reader should know, where it matters. */
export function Notice({ tone = 'plain', title, children, actions }: NoticeProps): ReactElement {
  return (
    <div className={cx(styles.notice, styles[tone])} role={tone === 'bad' ? 'alert' : 'status'}>
      <p className={styles.title}>{title}</p>
      {children !== undefined && <div className={styles.text}>{children}</div>}
      {actions !== undefined && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}

export interface ErrorNoticeProps {
  readonly error: WireError;
  readonly onRetry?: (() => void) | undefined;
  readonly onDismiss?: (() => void) | undefined;
  /** Further ways on. */
  readonly children?: ReactNode;
}

/** An error: what happened, the cause, the next step, Retry where it can help, and details to copy. */
export function ErrorNotice({ error, onRetry, onDismiss, children }: ErrorNoticeProps): ReactElement {
  const [copied, setCopied] = useState(false);
  const info = ERRORS[error.code];
  const details = JSON.stringify(error, null, 2);
  const copy = (): void => {
    navigator.clipboard.writeText(details).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return (
    <Notice
      tone="bad"
      title={info.title}
      actions={
        <>
          {error.retryable && onRetry && (
            <Button size="s" onClick={onRetry}>
              Retry
            </Button>
          )}
          {children}
          <Button size="s" variant="quiet" onClick={copy}>
            {copied ? 'Details copied' : 'Copy details'}
          </Button>
          {onDismiss && (
            <Button size="s" variant="quiet" onClick={onDismiss}>
              Dismiss
            </Button>
          )}
        </>
      }
    >
      <p>{sentence(error.message)}</p>
      <p>{error.hint ?? info.next}</p>
      <details className={styles.details}>
        <summary>Details</summary>
        <pre>{details}</pre>
      </details>
    </Notice>
  );
}

/** Names of files and repositories stay as they are spelled. */
function sentence(text: string): string {
  const start = /^\S*[/._]\S/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(start) ? start : `${start}.`;
}
