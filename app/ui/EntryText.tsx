import type { ReactElement } from 'react';
import { Text } from 'react-aria-components';
import styles from './Menu.module.css';
import { cx } from './cx.ts';

export interface EntryTextProps {
  readonly label: string;
  readonly hint?: string | undefined;
}

/** What an entry of a menu or of suggestions says, and the hint beside it. */
export const EntryText = ({ label, hint }: EntryTextProps): ReactElement => (
  <>
    <Text slot="label">{label}</Text>
    {hint !== undefined && (
      <Text slot="description" className={cx(styles.hint)}>
        {hint}
      </Text>
    )}
  </>
);
