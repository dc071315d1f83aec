import { useCallback, useEffect, useState, type ReactElement } from 'react';
import { useStore } from 'zustand';
import { hostIn } from '../../core/files/address.ts';
import { parseHubId, type HubFound, type HubNeeds, type HubOffer } from '../../core/files/hub.ts';
import type { Quantization } from '../../core/model-config.ts';
import { Cancelled, toWireError, type WireError } from '../../core/protocol/errors.ts';
import { hub } from '../shell/app.ts';
import { count, megabytes } from '../shell/format.ts';
import { Button } from '../ui/Button.tsx';
import { Digest } from '../ui/Digest.tsx';
import { Skeleton } from '../ui/Disclosure.tsx';
import { Select } from '../ui/Field.tsx';
import { ErrorNotice, Notice } from '../ui/Notice.tsx';
import { HubToken } from './HubToken.tsx';
import styles from './Models.module.css';
import { TooLittleRoom, useRoom } from './Room.tsx';
import { useHeld, WeightsInMemory } from './WeightsInMemory.tsx';

export interface HubConfirmProps {
  readonly found: HubFound;
  /** Only this one is offered: what a link names. */
  readonly only?: string;
  /** The one of several that was asked for, by its path. */
  readonly file?: string | null;
  /** How weights were held where the link comes from. */
  readonly held?: Quantization | undefined;
  readonly onConfirm: (id: string) => void;
  readonly onCancel: () => void;
}

/** What a repository holds, what would be downloaded, and what it needs: before anything of it is. */
export function HubConfirm({ found, only, file = null, held, onConfirm, onCancel }: HubConfirmProps): ReactElement {
  const offers = only === undefined ? found.offers : found.offers.filter(({ model }) => model.id === only);
  const [chosen, setChosen] = useState<string | null>(null);
  const asked = offers.find(({ model }) => parseHubId(model.id)?.file === file);
  const offer = offers.find(({ model }) => model.id === chosen) ?? asked ?? offers[0];
  if (!offer)
    return (
      <Notice tone="warn" title="The repository does not hold this model">
        <p>What the link names is not among its files at that commit.</p>
        <Button size="s" onClick={onCancel}>
          Close
        </Button>
      </Notice>
    );
  return (
    <section className={styles.card} aria-label={`What ${found.name} holds`}>
      {file !== null && !asked && (
        <Notice tone="warn" title={`${found.name} has no model in ${file}`}>
          <p>{offers.length > 1 ? 'These are the files that it has.' : 'This is what it has.'}</p>
        </Notice>
      )}
      {offers.length > 1 && (
        <Select
          label="Which of its files"
          value={offer.model.id}
          options={offers.map(({ model, bytes, format }) => ({
            value: model.id,
            label: `${parseHubId(model.id)?.file ?? format}, ${megabytes(bytes)}`,
          }))}
          onChange={setChosen}
        />
      )}
      <Offer key={offer.model.id} found={found} offer={offer} held={held} onConfirm={onConfirm} onCancel={onCancel} />
    </section>
  );
}

interface OfferProps extends Omit<HubConfirmProps, 'only' | 'file'> {
  readonly offer: HubOffer;
}

function Offer({ found, offer, held: asked, onConfirm, onCancel }: OfferProps): ReactElement {
  const token = useStore(hub.store, (state) => state.token);
  const [needs, setNeeds] = useState<HubNeeds | null>(null);
  const held = useHeld(needs, asked);
  const [error, setError] = useState<WireError | null>(null);
  const read = useCallback(
    (signal?: AbortSignal): void => {
      hub.needs(offer, signal).then(setNeeds, (reason: unknown) => {
        if (signal?.aborted !== true && !(reason instanceof Cancelled)) setError(toWireError(reason));
      });
    },
    [offer],
  );
  useEffect(() => {
    const stop = new AbortController();
    read(stop.signal);
    return () => stop.abort();
  }, [read]);
  const again = (): void => {
    setError(null);
    read();
  };
  const room = useRoom();
  const confirm = (keep: boolean): void => {
    if (!needs || !held) return;
    // Asked for by the reader, so the browser may be asked not to drop it when room is short.
    if (keep) void (navigator.storage as Partial<StorageManager> | undefined)?.persist?.().catch(() => false);
    const { license, gated } = found;
    const model = { ...offer.model, quantization: held.as.quantization };
    hub.add({ model, bytes: offer.bytes, needs, license, gated }, { keep });
    onConfirm(model.id);
  };
  return (
    <>
      <dl className={styles.facts}>
        {found.commit === null ? (
          <Fact name="Address" value={<code>{found.name}</code>} />
        ) : (
          <>
            <Fact name="Repository" value={`${found.name} on ${new URL(hub.host).host}`} />
            <Fact name="Commit" value={<Digest value={found.commit} length={12} />} />
          </>
        )}
        <Fact name="Licence" value={found.license ?? 'not stated'} />
        <Fact name="To download" value={filesOf(offer)} />
        {needs && (
          <>
            <Fact
              name="Model"
              value={`${needs.family}, ${count(needs.parameters)} parameters, ${needs.weights} weights, context of ${needs.context.toLocaleString('en')} tokens`}
            />
            {held && <Fact name="In memory" value={megabytes(held.bytes)} />}
            {held && <Fact name="This device" value={held.why === null ? 'can run it' : `cannot run it: ${held.why}`} />}
          </>
        )}
      </dl>
      {needs && held && <WeightsInMemory needs={needs} held={held} />}
      {!needs && error === null && <Skeleton height="96px" label="Reading what the model needs" />}
      {error && <ErrorNotice error={error} onRetry={again} />}
      {(error?.code === 'hub-gated' || (found.gated && token !== null)) && <HubToken onSet={again} />}
      {room !== null && room < offer.bytes && (
        <TooLittleRoom bytes={offer.bytes} room={room} onWithout={held?.why === null ? () => confirm(false) : null} />
      )}
      <div className={styles.row}>
        <Button variant="primary" disabled={held?.why !== null} onClick={() => confirm(true)}>
          Download {megabytes(offer.bytes)}
        </Button>
        <Button variant="quiet" onClick={onCancel}>
          Cancel
        </Button>
      </div>
      <p className={styles.note}>
        Nothing is downloaded before you press Download. What you type is never sent;{' '}
        {found.commit === null ? hostIn(found.name) : 'the Hub'} sees which files are fetched.
      </p>
    </>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: React.ReactNode }): ReactElement {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function filesOf({ model, bytes }: HubOffer): string {
  const files = [...model.others, ...model.weights];
  const how = files.some(({ pin }) => pin !== undefined)
    ? ', checked by samples: its host gives no digest'
    : files.every(({ sha256, git }) => sha256 !== null || git !== null)
      ? ', each checked against the digest that the Hub gives'
      : '';
  return `${megabytes(bytes)} in ${files.length === 1 ? 'one file' : `${files.length} files`}${how}`;
}
