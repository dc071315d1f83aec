import type { ReactElement } from 'react';

export interface DigestProps {
  readonly value: string;
  /** Characters that are shown. */
  readonly length: number;
  readonly className?: string | undefined;
}

/** The beginning of a long hash; all of it is its tip. */
export function Digest({ value, length, className }: DigestProps): ReactElement {
  return (
    // The keyboard reaches what it stands for.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <code className={className} data-tip={value} tabIndex={0}>
      {value.slice(0, length)}
      {value.length > length && '…'}
    </code>
  );
}
