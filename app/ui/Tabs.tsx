import { useId, type KeyboardEvent, type ReactElement, type ReactNode } from 'react';
import styles from './Tabs.module.css';
import { cx } from './cx.ts';

export interface TabItem<Id extends string = string> {
  readonly id: Id;
  readonly label: ReactNode;
  readonly disabled?: boolean;
}

export interface TabsProps<Id extends string = string> {
  /** Says what the tabs choose between. */
  readonly label: string;
  readonly items: readonly TabItem<Id>[];
  readonly value: Id;
  readonly onChange: (id: Id) => void;
  /** The chosen tab's content. */
  readonly children?: ReactNode;
}

/** Tabs: arrow keys move and choose, Home and End jump. Only the chosen tab's content is in the page. */
export function Tabs<Id extends string>({ label, items, value, onChange, children }: TabsProps<Id>): ReactElement {
  const base = useId();
  const move = (event: KeyboardEvent<HTMLDivElement>): void => {
    const enabled = items.filter((item) => item.disabled !== true);
    const at = enabled.findIndex((item) => item.id === value);
    const last = enabled.length - 1;
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at <= 0 ? last : at - 1, Home: 0, End: last }[event.key];
    const next = to === undefined ? undefined : enabled[to];
    if (!next) return;
    event.preventDefault();
    onChange(next.id);
    document.getElementById(`${base}-${next.id}`)?.focus();
  };
  return (
    <div className={styles.tabs}>
      <div role="tablist" aria-label={label} className={styles.list} tabIndex={-1} onKeyDown={move}>
        {items.map((item) => (
          <button
            key={item.id}
            id={`${base}-${item.id}`}
            type="button"
            role="tab"
            aria-selected={item.id === value}
            aria-controls={`${base}-panel`}
            tabIndex={item.id === value ? 0 : -1}
            disabled={item.disabled}
            className={cx(styles.tab, item.id === value && styles.chosen)}
            onClick={() => onChange(item.id)}
          >
            {item.label}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${base}-panel`} aria-labelledby={`${base}-${value}`} className={styles.panel}>
        {children}
      </div>
    </div>
  );
}
