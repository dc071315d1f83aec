import type { ReactElement, ReactNode } from 'react';
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { IconButton } from './Button.tsx';
import styles from './Dialog.module.css';
import { cx } from './cx.ts';

export interface DialogProps {
  readonly title: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly footer?: ReactNode;
  readonly size?: 's' | 'm' | 'l';
}

interface FrameProps extends DialogProps {
  readonly overlay: string | undefined;
  readonly modal: string;
}

function Frame({ title, isOpen, onClose, children, footer, overlay, modal }: FrameProps): ReactElement {
  return (
    <ModalOverlay
      isOpen={isOpen}
      onOpenChange={(open) => !open && onClose()}
      isDismissable
      className={cx(styles.overlay, overlay)}
    >
      <Modal className={modal}>
        <AriaDialog className={cx(styles.dialog)}>
          <header className={styles.head}>
            <Heading slot="title" className={cx(styles.title)}>
              {title}
            </Heading>
            <IconButton label="Close" onClick={onClose}>
              <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
                <path d="M2 2l10 10M12 2L2 12" stroke="currentColor" strokeWidth="1.5" fill="none" />
              </svg>
            </IconButton>
          </header>
          {/* It may scroll, and then takes the focus so that arrows do it. */}
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
          <section className={styles.body} aria-label={title} tabIndex={0}>
            {children}
          </section>
          {footer !== undefined && <footer className={styles.foot}>{footer}</footer>}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

/** A window over the page. Esc, the cross and a press outside close it; the focus goes back to where it came from. */
export function Dialog({ size = 'm', ...props }: DialogProps): ReactElement {
  return <Frame {...props} overlay={styles.centre} modal={cx(styles.window, styles[size])} />;
}

/** A panel from the right edge (from below on a phone), for what is read beside the page. */
export function Sheet(props: Omit<DialogProps, 'size'>): ReactElement {
  return <Frame {...props} overlay={styles.side} modal={cx(styles.sheet)} />;
}
