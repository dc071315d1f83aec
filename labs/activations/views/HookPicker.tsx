import { useState, type ReactElement } from 'react';
import type { ModelConfig } from '../../../core/model-config.ts';
import { parseHook, siteLabel } from '../../../core/hooks.ts';
import { Button, IconButton } from '../../../app/ui/Button.tsx';
import { ComboBox } from '../../../app/ui/ComboBox.tsx';
import { Disclosure } from '../../../app/ui/Disclosure.tsx';
import { count, plural } from '../../../app/views/numbers.ts';
import { axesOf, matchAll, numbersOf, suggestions, type HookMatch } from '../lib/hook-config.ts';
import styles from './activations.module.css';

/** Numbers that one result may hold; the engine refuses more. */
const CAP = 64 * 2 ** 20;

export interface HookPickerProps {
  readonly config: ModelConfig | null;
  readonly patterns: readonly string[];
  readonly onChange: (patterns: readonly string[]) => void;
  /** Tokens of each prompt where they are known, to tell how much is asked for. */
  readonly positions: readonly number[];
  /** They are of the prompts as they stand, not as they were. */
  readonly sure: boolean;
}

/** Which hooks: names or patterns, with what each matches while one types. */
export function HookPicker({ config, patterns, onChange, positions, sure }: HookPickerProps): ReactElement {
  const [typed, setTyped] = useState('');
  const matches = config ? matchAll(patterns, config) : [];
  const offered = config ? suggestions(config) : [];
  const preview = config && typed.trim() !== '' ? matchAll([typed.trim()], config)[0] : undefined;
  const add = (pattern: string): void => {
    const clean = pattern.trim();
    if (clean === '') return;
    if (!patterns.includes(clean)) onChange([...patterns, clean]);
    setTyped('');
  };
  const needle = typed.trim().toLowerCase();
  return (
    <section className={styles.hooks} aria-label="Hooks">
      <h2>Hooks</h2>
      <ul className={styles.patterns}>
        {patterns.map((pattern) => (
          <li key={pattern}>
            <Pattern
              pattern={pattern}
              match={matches.find((m) => m.pattern === pattern) ?? null}
              onRemove={() => onChange(patterns.filter((p) => p !== pattern))}
            />
          </li>
        ))}
        {patterns.length === 0 && <li className={styles.none}>No hook is named yet. Add one below.</li>}
      </ul>
      <form
        className={styles.add}
        onSubmit={(event) => {
          event.preventDefault();
          add(typed);
        }}
      >
        <ComboBox
          label="Add a hook by name or pattern"
          hideLabel
          placeholder="blocks.*.attn.hook_z"
          items={offered
            .filter(({ pattern, label }) => needle === '' || `${pattern} ${label}`.toLowerCase().includes(needle))
            .map(({ pattern, label }) => ({ id: pattern, label: pattern, hint: label }))}
          inputValue={typed}
          onInputChange={setTyped}
          onPick={add}
        />
        <Button type="submit" disabled={typed.trim() === ''}>
          Add
        </Button>
      </form>
      <p className={styles.note}>
        {preview
          ? preview.hooks.length > 0
            ? `Matches ${plural(preview.hooks.length, 'hook')}: ${list(preview)}.`
            : 'Matches no hook of this model yet.'
          : '* stands for one part of a name, ** for any number of them.'}{' '}
        {size(config, matches, positions, sure)}
      </p>
    </section>
  );
}

const list = ({ hooks }: HookMatch): string =>
  hooks.length > 4 ? `${hooks.slice(0, 3).join(', ')} … ${hooks.at(-1) ?? ''}` : hooks.join(', ');

function size(config: ModelConfig | null, matches: readonly HookMatch[], positions: readonly number[], sure: boolean): string {
  if (!config || positions.length === 0) return '';
  const hooks = new Set(matches.flatMap((match) => match.hooks));
  let numbers = 0;
  for (const length of positions) for (const hook of hooks) numbers += numbersOf(hook, config, length);
  const megabytes = (numbers * 4) / 1e6;
  const amount = `${plural(hooks.size, 'hook')}, ${sure ? '' : 'about '}${count(numbers)} numbers, ${megabytes < 1 ? `${Math.ceil(megabytes * 1000)} kB` : `${megabytes.toFixed(1)} MB`}.`;
  return numbers > CAP
    ? `${amount} That is more than ${count(CAP)} numbers, which a tab holds: ask for fewer hooks or prompts.`
    : amount;
}

interface PatternProps {
  readonly pattern: string;
  readonly match: HookMatch | null;
  readonly onRemove: () => void;
}

function Pattern({ pattern, match, onRemove }: PatternProps): ReactElement {
  const first = match?.hooks[0];
  const site = first === undefined ? null : parseHook(first);
  return (
    <div className={styles.pattern}>
      <div className={styles.patternHead}>
        <code>{pattern}</code>
        <IconButton label={`Remove ${pattern}`} size="s" onClick={onRemove}>
          ×
        </IconButton>
      </div>
      {match &&
        (first === undefined || !site ? (
          <p className={styles.wrong}>No hook of this model has this name.</p>
        ) : match.hooks.length === 1 ? (
          <p className={styles.note}>
            {siteLabel(site.site)} <span className={styles.axes}>[{axesOf(first).join(', ')}]</span>
          </p>
        ) : (
          <Disclosure title={<span className={styles.note}>{plural(match.hooks.length, 'hook')}</span>}>
            <ul className={styles.matched}>
              {match.hooks.map((hook) => (
                <li key={hook}>
                  <code>{hook}</code> <span className={styles.axes}>[{axesOf(hook).join(', ')}]</span>
                </li>
              ))}
            </ul>
          </Disclosure>
        ))}
    </div>
  );
}
