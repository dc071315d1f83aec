import type { ButtonHTMLAttributes, ReactElement, Ref } from 'react';
import styles from './Button.module.css';
import { cx } from './cx.ts';

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** `primary`: the one action of the screen. `quiet`: no border until hovered. */
  readonly variant?: 'plain' | 'primary' | 'quiet';
  readonly size?: 's' | 'm';
  readonly ref?: Ref<HTMLButtonElement>;
}

/** A button; its text is a verb. */
export function Button({ variant = 'plain', size = 'm', className, type = 'button', ...rest }: ButtonProps): ReactElement {
  return <button type={type} className={cx(styles.button, styles[variant], size === 's' && styles.small, className)} {...rest} />;
}

export interface IconButtonProps extends Omit<ButtonProps, 'aria-label'> {
  /** What the button does, for those who do not see its picture. */
  readonly label: string;
}

/** A square button that shows a picture (an SVG or one glyph) and says its name to a screen reader and on hover or focus. */
export function IconButton({ label, className, variant = 'quiet', ...rest }: IconButtonProps): ReactElement {
  return <Button variant={variant} aria-label={label} data-tip={label} className={cx(styles.icon, className)} {...rest} />;
}

export interface LinkButtonProps {
  readonly href: string;
  readonly variant?: 'plain' | 'primary' | 'quiet';
  readonly children: React.ReactNode;
  /** Saves the target under this name instead of opening it. */
  readonly download?: string;
}

/** A link that looks like a button: for what has an address. */
export function LinkButton({ href, variant = 'plain', children, download }: LinkButtonProps): ReactElement {
  return (
    <a href={href} className={cx(styles.button, styles[variant])} {...(download === undefined ? {} : { download })}>
      {children}
    </a>
  );
}
