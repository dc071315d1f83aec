import { useId, useRef, useState, type ReactElement, type ReactNode } from 'react';
import { Button } from './Button.tsx';
import type { MenuListProps } from './MenuList.tsx';
import { onDemand } from './on-demand.ts';

export interface MenuEntry {
  readonly id: string;
  readonly label: string;
  readonly hint?: string;
  readonly disabled?: boolean;
  readonly onSelect: () => void;
}

export interface MenuProps {
  /** Text of the button that opens the menu. */
  readonly trigger: ReactNode;
  /** What the menu is for, where the trigger's text does not say it. */
  readonly label?: string;
  readonly entries: readonly MenuEntry[];
  readonly variant?: 'plain' | 'quiet';
}

/** A list of results has one in each row: a plain button, until one is opened. */
const List = onDemand<MenuListProps>(() => import('./MenuList.tsx').then(({ MenuList }) => MenuList));

/** A button that opens a list of actions. */
export function Menu({ trigger, label, entries, variant = 'plain' }: MenuProps): ReactElement {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const [focus, setFocus] = useState<MenuListProps['focus'] | null>(null);
  const open = (at: MenuListProps['focus']): void => {
    List.want();
    // Where it was, the focus returns to; not every browser gives it to a button that is pressed.
    button.current?.focus();
    setFocus(at);
  };
  const isOpen = focus !== null;
  return (
    <>
      <Button
        ref={button}
        id={id}
        variant={variant}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={isOpen ? `${id}-list` : undefined}
        onPointerEnter={List.want}
        onFocus={List.want}
        onClick={(event) => open(event.detail === 0 ? 'first' : true)}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
          event.preventDefault();
          open(event.key === 'ArrowDown' ? 'first' : 'last');
        }}
      >
        {trigger}
      </Button>
      {isOpen && (
        <List id={`${id}-list`} trigger={button} labelledBy={id} entries={entries} focus={focus} onClose={() => setFocus(null)} />
      )}
    </>
  );
}
