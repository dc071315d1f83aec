import { useRef, useState, type KeyboardEvent, type ReactElement } from 'react';
import { SparkCells } from '../charts/SparkCells.tsx';
import { clearFocus, setFocus, useFocus } from '../state/focus.ts';
import { cx } from '../ui/cx.ts';
import styles from './FeatureTable.module.css';
import { matchText, nameSource, nameText, type FeatureName } from './names.ts';
import { number } from './numbers.ts';

export interface FeatureItem {
  readonly key: string;
  readonly sae: string;
  readonly feature: number;
  readonly layer: number | null;
  /** Where it is, in few letters: `L2 resid_post`. */
  readonly site: string;
  readonly name: FeatureName;
  /** On the selected tokens. */
  readonly activation: number;
  /** Over the prompt, as shares of a full cell. */
  readonly shares: ArrayLike<number>;
  /** The largest activation known; 0 where unknown. */
  readonly maxKnown: number;
  readonly pinned: boolean;
}

export interface FeatureTableProps {
  readonly label: string;
  readonly items: readonly FeatureItem[];
  readonly marked: { readonly from: number; readonly to: number } | null;
  readonly onPin: (key: string) => void;
  /** Leave out where a feature is: all are of one place. */
  readonly hideSite?: boolean;
  /** Address of a feature's dashboard. */
  readonly href?: (item: FeatureItem) => string;
  /** Address of steering with a feature. */
  readonly steer?: (item: FeatureItem) => string;
}

/** Features, one a row: where it is, what it means, where on the prompt, how strongly. A press pins; arrows, j and k move; p pins. */
export function FeatureTable({ label, items, marked, onPin, hideSite = false, href, steer }: FeatureTableProps): ReactElement {
  const list = useRef<HTMLUListElement>(null);
  const [at, setAt] = useState(0);
  const stop = Math.min(at, items.length - 1);
  const onKeyDown = (event: KeyboardEvent, item: FeatureItem): void => {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    const down = event.key === 'ArrowDown' || event.key === 'j';
    const up = event.key === 'ArrowUp' || event.key === 'k';
    if (down || up) {
      const next = Math.min(items.length - 1, Math.max(0, stop + (down ? 1 : -1)));
      // At an end the panel may go on to the next list.
      if (next === stop) return;
      setAt(next);
      list.current?.querySelectorAll<HTMLElement>('button')[next]?.focus();
    } else if (event.key === 'p') onPin(item.key);
    else return;
    event.preventDefault();
  };
  return (
    <ul ref={list} className={cx(styles.list, hideSite && styles.bare)} aria-label={label} data-features="">
      {items.map((item, i) => (
        <Row
          key={item.key}
          item={item}
          marked={marked}
          hideSite={hideSite}
          href={href?.(item)}
          steer={steer?.(item)}
          stop={i === stop}
          onPin={() => onPin(item.key)}
          onKeyDown={(event) => onKeyDown(event, item)}
          onFocus={() => setAt(i)}
        />
      ))}
    </ul>
  );
}

interface RowProps {
  readonly item: FeatureItem;
  readonly marked: FeatureTableProps['marked'];
  readonly hideSite: boolean;
  readonly href: string | undefined;
  readonly steer: string | undefined;
  readonly stop: boolean;
  readonly onPin: () => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly onFocus: () => void;
}

/** `lit`: this row is what the focus is on, or is active where it is. `dim`: something else is. */
function Row({ item, marked, hideSite, href, steer, stop, onPin, onKeyDown, onFocus }: RowProps): ReactElement {
  const state = useFocus((focus) => {
    if (focus?.feature !== undefined) return focus.feature === item.feature && focus.sae === item.sae ? 'lit' : null;
    if (focus?.pos === undefined) return null;
    return (item.shares[focus.pos] ?? 0) > 0 ? 'active' : 'dim';
  });
  const focus = { sae: item.sae, feature: item.feature, ...(item.layer === null ? {} : { layer: item.layer }) };
  const [name, match] = [nameText(item.name), matchText(item.name)];
  const which = `feature ${item.feature} of ${item.site}`;
  const max = item.maxKnown > 0 ? number(item.maxKnown) : 'unknown';
  return (
    <li className={cx((href ?? steer) !== undefined && styles.linked)}>
      <button
        type="button"
        className={cx(styles.row, state === 'lit' && styles.lit, state === 'dim' && styles.dim)}
        tabIndex={stop ? 0 : -1}
        aria-pressed={item.pinned}
        aria-label={`Feature ${item.feature} of ${item.site}: ${name}${match === '' ? '' : `, a match with ${match}`}. Activation ${number(item.activation)}, largest known ${max}. ${item.pinned ? 'Unpin' : 'Pin'}`}
        onClick={onPin}
        onKeyDown={onKeyDown}
        onMouseEnter={() => setFocus(focus)}
        onMouseLeave={clearFocus}
        onFocus={() => {
          onFocus();
          setFocus(focus);
        }}
        onBlur={clearFocus}
      >
        {!hideSite && <span className={styles.site}>{item.site}</span>}
        <span className={styles.name} data-tip={[name, nameSource(item.name)].filter(Boolean).join('. ')}>
          <span className={cx(styles.text, item.name.name === null && styles.unnamed)}>{name}</span>
          <span className={styles.id}>
            {item.feature}
            {match !== '' && ` · ${match}`}
          </span>
        </span>
        <span className={styles.cells}>
          <SparkCells shares={item.shares} marked={marked} onEnter={(pos) => setFocus({ ...focus, pos })} />
        </span>
        <span className={styles.value}>{item.activation > 0 ? number(item.activation) : '0'}</span>
        <span className={styles.max} data-tip="Largest activation known">
          {item.maxKnown > 0 ? `of ${number(item.maxKnown)}` : ''}
        </span>
        <Pin on={item.pinned} />
      </button>
      {steer !== undefined && (
        <a href={steer} className={styles.steer} tabIndex={stop ? 0 : -1} aria-label={`Steer with ${which}`}>
          Steer
        </a>
      )}
      {href !== undefined && (
        <a
          href={href}
          className={styles.open}
          tabIndex={stop ? 0 : -1}
          aria-label={`Dashboard of ${which}`}
          data-tip="Its dashboard"
        >
          →
        </a>
      )}
    </li>
  );
}

const Pin = ({ on }: { readonly on: boolean }): ReactElement => (
  <svg className={cx(styles.pin, on && styles.pinned)} width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
    <path d="M5 1.5h4l-.5 4 2 2.5h-7l2-2.5z" />
    <path d="M7 8v5" />
  </svg>
);
