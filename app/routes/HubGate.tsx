import { useEffect, useRef, useState, type ReactElement } from 'react';
import { useStore } from 'zustand';
import { parseHubId, type HubFound } from '../../core/files/hub.ts';
import { hostOf } from '../../core/files/remote.ts';
import { parseTarget } from '../../core/files/target.ts';
import type { Quantization } from '../../core/model-config.ts';
import { Cancelled, toWireError, type WireError } from '../../core/protocol/errors.ts';
import { catalogue, experiments, hub } from '../shell/app.ts';
import { switchModel } from '../shell/switch-model.ts';
import { mayRun, modelName } from '../state/hub.ts';
import { heldInLink } from '../state/link-held.ts';
import { Button } from '../ui/Button.tsx';
import { Skeleton } from '../ui/Disclosure.tsx';
import { ErrorNotice, Notice } from '../ui/Notice.tsx';
import { DownloadRow } from './Downloads.tsx';
import { HubConfirm } from './HubConfirm.tsx';
import styles from './Models.module.css';

export interface HubGateProps {
  readonly lab: string;
  /** The model has arrived, which the reader had asked for on this page. */
  readonly onHere?: () => void;
}

/**
 * Above an experiment on a model of the Hub, or of another address, that is not here: what it would take. A link may name any
 * repository and any host, so not even a listing is asked for before the reader says so.
 */
export function HubGate({ lab, onHere }: HubGateProps): ReactElement | null {
  const model = useStore(experiments.store, ({ drafts }) => drafts[lab]?.spec.model);
  const hash = useStore(experiments.store, ({ drafts }) => drafts[lab]?.hash);
  const state = useStore(hub.store);
  const here = model === undefined || mayRun(state, model);
  useEffect(() => {
    if (!here) void hub.open();
  }, [here]);
  const waited = useRef(false);
  const { state: step } = (model === undefined ? undefined : state.downloads[model]) ?? {};
  useEffect(() => {
    // What is kept from before is counted and found; only what was not here has arrived.
    if (step === 'downloading' || step === 'paused') waited.current = true;
    else if (here && waited.current) {
      waited.current = false;
      onHere?.();
    }
  }, [step, here, onHere]);
  if (here) return null;
  const entry = state.entries.find((known) => known.model.id === model);
  return (
    <div className={styles.gate}>
      {entry ? (
        <DownloadRow entry={entry} download={state.downloads[model] ?? { state: 'counting' }} />
      ) : (
        <Ask key={model} model={model} held={heldInLink(hash)} />
      )}
    </div>
  );
}

function Ask({ model, held }: { readonly model: string; readonly held: Quantization | undefined }): ReactElement {
  const commit = parseHubId(model)?.commit;
  const target = parseTarget(model);
  const home = useStore(catalogue.store, ({ models }) => models?.find(({ source }) => source === undefined));
  const [looking, setLooking] = useState<AbortController | null>(null);
  const [found, setFound] = useState<HubFound | null>(null);
  const [error, setError] = useState<WireError | null>(null);
  useEffect(() => () => looking?.abort(), [looking]);
  const look = async (): Promise<void> => {
    if (!target) return;
    const controller = new AbortController();
    setLooking(controller);
    setError(null);
    try {
      setFound(await hub.look(target, controller.signal));
    } catch (reason) {
      if (!(reason instanceof Cancelled) && !controller.signal.aborted) setError(toWireError(reason));
    } finally {
      setLooking(null);
    }
  };
  return (
    <>
      <Notice title={`This experiment is on ${modelName(model)}, a model that is not on this device`}>
        <p>
          It would come from{' '}
          {commit === undefined ? (
            <code>{target?.kind === 'address' ? target.address : hostOf(model, hub.host)}</code>
          ) : (
            <>
              {hostOf(model, hub.host)}, at commit <code>{commit.slice(0, 12)}</code>
            </>
          )}
          . Nothing of it has been fetched, and nothing will be before you have seen how large it is and confirmed it.
        </p>
        <div className={styles.row}>
          {!found && (
            <Button size="s" variant="primary" disabled={looking !== null} onClick={() => void look()}>
              See what would be downloaded
            </Button>
          )}
          {home && (
            <Button size="s" onClick={() => switchModel(home.id)}>
              Ask {home.name} instead
            </Button>
          )}
        </div>
      </Notice>
      {looking && <Skeleton height="120px" label="Looking it up" />}
      {error && <ErrorNotice error={error} onRetry={() => void look()} />}
      {found && (
        <HubConfirm found={found} only={model} held={held} onConfirm={() => setFound(null)} onCancel={() => setFound(null)} />
      )}
    </>
  );
}
