import { useEffect, useId, useRef, type ReactElement } from 'react';
import { parseHook, SITE_IDS, type SiteId } from '../../core/hooks.ts';
import type { SaeEntry } from '../state/catalogue.ts';
import { Button } from '../ui/Button.tsx';
import { number, percent, plural } from './numbers.ts';
import { architectureName, siteShort } from './sites.ts';
import styles from './SiteSelect.module.css';

export interface SiteSelectProps {
  /** The model's dictionaries; null while its manifest is on the way. */
  readonly saes: readonly SaeEntry[] | null;
  readonly chosen: readonly string[];
  readonly onChange: (saes: readonly string[]) => void;
}

/** Which dictionaries to read with: a map of layers × places, any number of them. */
export function SiteSelect({ saes, chosen, onChange }: SiteSelectProps): ReactElement {
  const id = useId();
  const trigger = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDialogElement>(null);
  const onToggle = (): void => {
    if (place(trigger.current, panel.current)) panel.current?.querySelector<HTMLElement>('input')?.focus();
  };
  useEffect(() => {
    const onResize = (): void => void place(trigger.current, panel.current);
    window.addEventListener('resize', onResize);
    return () => window.removeEventListener('resize', onResize);
  }, []);
  const known = saes ?? [];
  const sites = SITE_IDS.filter((site) => known.some((sae) => parseHook(sae.hookName)?.site === site));
  const layers = [...new Set(known.map((sae) => parseHook(sae.hookName)?.layer ?? -1))].sort((a, b) => a - b);
  const toggle = (id: string): void =>
    onChange(chosen.includes(id) ? chosen.filter((other) => other !== id) : inOrder(known, [...chosen, id]));
  return (
    <>
      <button ref={trigger} type="button" className={styles.trigger} popoverTarget={id} aria-haspopup="dialog">
        <span className={styles.lead}>Read with</span> {summary(known, chosen)} <span aria-hidden="true">▾</span>
      </button>
      <dialog ref={panel} id={id} popover="auto" aria-label="Dictionaries" className={styles.popover} onToggle={onToggle}>
        <div className={styles.dialog}>
          {saes === null ? (
            <p>The list of dictionaries is on its way.</p>
          ) : (
            <>
              <p className={styles.about}>
                Each dictionary (sparse autoencoder) reads the model at one place. More of them show more, and take longer.
              </p>
              <table className={styles.grid}>
                <thead>
                  <tr>
                    <th scope="col">
                      <span className="visually-hidden">Layer</span>
                    </th>
                    {sites.map((site) => (
                      <th key={site} scope="col">
                        {COLUMN[site] ?? site}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {layers.map((layer) => (
                    <tr key={layer}>
                      <th scope="row">{layer < 0 ? '–' : `block ${layer}`}</th>
                      {sites.map((site) => (
                        <td key={site}>
                          {known
                            .filter((sae) => matches(sae, layer, site))
                            .map((sae) => (
                              <label key={sae.id} className={styles.option} data-tip={facts(sae)}>
                                <input
                                  type="checkbox"
                                  checked={chosen.includes(sae.id)}
                                  onChange={() => toggle(sae.id)}
                                  aria-label={`${sae.hookName}, ${facts(sae)}`}
                                />
                                <span>
                                  {sae.dSae}
                                  {typeof sae.l0 === 'number' && <small> · {number(sae.l0, 2)} active</small>}
                                </span>
                              </label>
                            ))}
                        </td>
                      ))}
                    </tr>
                  ))}
                </tbody>
              </table>
              <div className={styles.actions}>
                <Button size="s" onClick={() => onChange(known.map(({ id }) => id))}>
                  All {known.length}
                </Button>
                {sites.map((site) => (
                  <Button
                    key={site}
                    size="s"
                    variant="quiet"
                    onClick={() => onChange(known.filter((sae) => parseHook(sae.hookName)?.site === site).map(({ id }) => id))}
                  >
                    Only {COLUMN[site] ?? site}
                  </Button>
                ))}
              </div>
            </>
          )}
        </div>
      </dialog>
    </>
  );
}

/** Puts what is open below the right edge of what opened it, inside the window. @returns whether it is open */
function place(trigger: HTMLElement | null, panel: HTMLElement | null): boolean {
  if (!trigger || !panel?.matches(':popover-open')) return false;
  const box = trigger.getBoundingClientRect();
  const width = panel.offsetWidth;
  panel.style.left = `${Math.max(12, Math.min(box.right - width, window.innerWidth - width - 12))}px`;
  panel.style.top = `${Math.min(box.bottom + 6, Math.max(12, window.innerHeight - panel.offsetHeight - 12))}px`;
  return true;
}

const COLUMN: Partial<Record<SiteId, string>> = {
  resid_post: 'residual stream',
  z: 'heads',
  mlp_out: 'MLP',
  attn_out: 'attention',
};

const matches = (sae: SaeEntry, layer: number, site: SiteId): boolean => {
  const address = parseHook(sae.hookName);
  return address?.site === site && (address.layer ?? -1) === layer;
};

/** In the order in which the manifest lists them, so that equal choices are equal experiments. */
const inOrder = (known: readonly SaeEntry[], ids: readonly string[]): string[] => [
  ...known.map(({ id }) => id).filter((id) => ids.includes(id)),
  ...ids.filter((id) => !known.some((sae) => sae.id === id)),
];

function facts(sae: SaeEntry): string {
  return [
    plural(sae.dSae, 'feature'),
    architectureName(sae.architecture),
    typeof sae.l0 === 'number' ? `${number(sae.l0)} active per token` : null,
    typeof sae.fvu === 'number' ? `${percent(sae.fvu)} of the variance unexplained` : null,
  ]
    .filter(Boolean)
    .join(', ');
}

function summary(known: readonly SaeEntry[], chosen: readonly string[]): string {
  const [first] = chosen;
  if (first === undefined) return 'no dictionary';
  if (chosen.length === 1) return siteShort(known.find(({ id }) => id === first)?.hookName ?? first);
  return known.length > 0 && chosen.length === known.length
    ? `all ${known.length} dictionaries`
    : plural(chosen.length, 'dictionary', 'dictionaries');
}
