import { useEffect, useRef, useState, type ReactElement } from 'react';
import { useStore } from 'zustand';
import type { HubFound } from '../../core/files/hub.ts';
import { parseTarget, type ModelTarget } from '../../core/files/target.ts';
import { Cancelled, toWireError, VitrineError, type WireError } from '../../core/protocol/errors.ts';
import { catalogue, hub } from '../shell/app.ts';
import { Button } from '../ui/Button.tsx';
import { Skeleton } from '../ui/Disclosure.tsx';
import { TextField } from '../ui/Field.tsx';
import { ErrorNotice } from '../ui/Notice.tsx';
import { HubConfirm } from './HubConfirm.tsx';
import { HubToken } from './HubToken.tsx';
import styles from './Models.module.css';

/** Small models of families that the engine knows; `local` is the id under which `npm run model:add` offers the same one. */
const SUGGESTED: readonly { readonly repo: string; readonly about: string; readonly local?: string }[] = [
  { repo: 'HuggingFaceTB/SmolLM2-135M-Instruct', about: '135 M, chat', local: 'smollm2-135m' },
  { repo: 'google/gemma-3-270m', about: '270 M, asks for your token', local: 'gemma-3-270m' },
  { repo: 'openai-community/gpt2', about: '124 M, the classic' },
  { repo: 'EleutherAI/pythia-70m-deduped', about: '70 M' },
  { repo: 'Qwen/Qwen3-0.6B', about: '0.6 billion, chat' },
];

/** A repository of the Hub by name, or a model at any address: look it up, see what it needs, confirm, download. */
export function AddModel(): ReactElement {
  const models = useStore(catalogue.store, (state) => state.models);
  const [repo, setRepo] = useState('');
  const [revision, setRevision] = useState('');
  const [looking, setLooking] = useState<AbortController | null>(null);
  const [found, setFound] = useState<(HubFound & { readonly file: string | null }) | null>(null);
  const [error, setError] = useState<WireError | null>(null);
  const result = useRef<HTMLDivElement>(null);
  useEffect(() => () => looking?.abort(), [looking]);
  useEffect(() => {
    if (found) result.current?.focus();
  }, [found]);

  const look = async (name: string, revisionOf = revision): Promise<void> => {
    if (name.trim() === '') return;
    const target = targetOf(name, revisionOf.trim());
    setFound(null);
    setError(target ? null : NO_TARGET);
    if (!target) return;
    const controller = new AbortController();
    setLooking(controller);
    try {
      setFound({ ...(await hub.look(target, controller.signal)), file: target.kind === 'hub' ? target.file : null });
    } catch (reason) {
      if (!(reason instanceof Cancelled) && !controller.signal.aborted) setError(toWireError(reason));
    } finally {
      setLooking(null);
    }
  };
  const pick = (name: string): void => {
    setRepo(name);
    setRevision('');
    void look(name, '');
  };
  const suggested = SUGGESTED.filter(({ local }) => models?.every(({ id }) => id !== local) ?? true);
  return (
    <section aria-labelledby="add-model" className={styles.section}>
      <h2 id="add-model">Add a model from the Hub or from an address</h2>
      <ol className={styles.steps}>
        <li>
          Name a repository of {new URL(hub.host).host}, or paste the address of a .gguf file, or of a folder with
          model.safetensors.
        </li>
        <li>See what would be downloaded, and whether this device can run it.</li>
        <li>Confirm. The download can be paused, and goes on after a reload.</li>
        <li>Use it in every lab. It stays on this device until you free it.</li>
      </ol>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          void look(repo);
        }}
      >
        <div className={styles.fields}>
          <TextField
            label="Repository or address"
            placeholder="owner/name, or https://…"
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            mono
            value={repo}
            onChange={setRepo}
          />
          <TextField
            label="Revision"
            placeholder="newest"
            autoComplete="off"
            spellCheck={false}
            mono
            value={revision}
            onChange={setRevision}
          />
        </div>
        <div className={styles.row}>
          <Button type="submit" variant="primary" disabled={repo.trim() === '' || looking !== null}>
            Look it up
          </Button>
          {looking && (
            <Button variant="quiet" onClick={() => looking.abort()}>
              Stop
            </Button>
          )}
        </div>
      </form>
      <ul className={styles.suggested} aria-label="Repositories to begin with">
        {suggested.map(({ repo: name, about }) => (
          <li key={name}>
            <button type="button" onClick={() => pick(name)} disabled={looking !== null}>
              {name}
            </button>
            <span>{about}</span>
          </li>
        ))}
      </ul>
      <div ref={result} tabIndex={-1} className={styles.result} aria-live="polite">
        {looking && <Skeleton height="120px" label="Looking it up" />}
        {error && (
          <>
            <ErrorNotice error={error} onRetry={() => void look(repo)} onDismiss={() => setError(null)} />
            {error.code === 'hub-gated' && <HubToken onSet={() => void look(repo)} />}
          </>
        )}
        {found && <HubConfirm found={found} file={found.file} onConfirm={() => setFound(null)} onCancel={() => setFound(null)} />}
      </div>
    </section>
  );
}

/** Null: what was typed is neither the name of a repository nor an address of a model. */
function targetOf(typed: string, revision: string): ModelTarget | null {
  const text = typed.trim();
  const target = parseTarget(text) ?? (/^[a-z]+:/i.test(text) ? null : parseTarget(`hf:${text.replace(/\/$/, '')}`));
  return target?.kind === 'hub' && revision !== '' ? { ...target, revision } : target;
}

const NO_TARGET = toWireError(
  new VitrineError('not-found', 'this is not the address of a model', {
    hint: 'It has to begin with https://, lead to a .gguf file or to a folder with model.safetensors, and do without a password or a part after “?”. Or download the file by hand, and drop it below.',
  }),
);
