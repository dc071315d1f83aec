import { useState, type ReactElement } from 'react';
import { storedFile } from '../../../app/state/stored-files.ts';
import { Disclosure } from '../../../app/ui/Disclosure.tsx';
import facts from '../../../app/ui/facts.module.css';
import { number } from '../../../app/views/numbers.ts';
import { configRows } from '../lib/config.ts';
import type { DashboardContext } from './panel.tsx';
import styles from './dashboard.module.css';

type State = 'closed' | 'loading' | 'missing' | readonly (readonly [key: string, value: string])[];

/** The dictionary's configuration under the names that SAELens gives it, and what its card measured. */
export function Config({ context }: { readonly context: DashboardContext }): ReactElement | null {
  const { model, entry } = context;
  const [state, setState] = useState<State>('closed');
  if (!model || !entry || entry.cfg === undefined || model.source === 'hub' || model.source === 'local') return null;
  const path = `${model.folder}${entry.cfg}`;
  const load = (open: boolean): void => {
    if (!open || (state !== 'closed' && state !== 'missing')) return;
    setState('loading');
    storedFile(path)
      .then((bytes) => setState(bytes ? configRows(JSON.parse(new TextDecoder().decode(bytes)) as unknown) : 'missing'))
      .catch(() => setState('missing'));
  };
  const card: readonly (readonly [string, string])[] = [
    ['L0 (active features per token)', entry.l0],
    ['variance not explained (FVU)', entry.fvu],
    ['loss that it costs, nats', entry.ceIncrease],
    ['loss recovered', entry.ceRecovered],
    ['dead features', entry.dead],
  ].flatMap(([name, value]) => (typeof value === 'number' ? [[String(name), number(value)] as const] : []));
  return (
    <Disclosure title="The dictionary’s configuration" onToggle={load}>
      {state === 'loading' && <p className={styles.note}>It is on its way.</p>}
      {state === 'missing' && <p className={styles.note}>The file cfg.json did not arrive. Close and open this to try again.</p>}
      <dl className={facts.facts}>
        {[...card, ...(typeof state === 'string' ? [] : state)].map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <code>{value}</code>
            </dd>
          </div>
        ))}
      </dl>
      <p className={styles.note}>Names as in SAELens’ cfg.json; the first ones were measured for the dictionary’s card.</p>
    </Disclosure>
  );
}
