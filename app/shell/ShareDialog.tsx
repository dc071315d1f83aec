import { Suspense, useState, type ReactElement } from 'react';
import { useStore } from 'zustand';
import { toWireError, type WireError } from '../../core/protocol/errors.ts';
import { LINK_BUDGET } from '../../core/share/codec.ts';
import type { ExperimentSpec } from '../../core/spec/index.ts';
import { saveFile } from '../charts/export/save.ts';
import { heldHere } from '../state/hub.ts';
import { say } from '../state/notices.ts';
import { Button } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { Skeleton } from '../ui/Disclosure.tsx';
import { TextField } from '../ui/Field.tsx';
import { ErrorNotice, Notice } from '../ui/Notice.tsx';
import { Tabs } from '../ui/Tabs.tsx';
import { COMMIT, experiments, hub, results, SITE } from './app.ts';
import styles from './Dialogs.module.css';
import { EmbedPart } from './ShareEmbed.tsx';
import { FilesPart, type HashedProps } from './ShareFiles.tsx';
import { citation, contents, exportJson, shareLink } from './share-parts.ts';

type Part = 'link' | 'embed' | 'files' | 'cite';
const PARTS: readonly { readonly id: Part; readonly label: string }[] = [
  { id: 'link', label: 'Link' },
  { id: 'embed', label: 'Embed' },
  { id: 'files', label: 'Files' },
  { id: 'cite', label: 'Cite' },
];

/** Everything that can be taken away: link, embed, files, citation. */
export function ShareDialog({ lab, onClose }: { readonly lab: string; readonly onClose: () => void }): ReactElement {
  const [part, setPart] = useState<Part>('link');
  const draft = useStore(experiments.store, ({ drafts }) => drafts[lab]);
  const spec = minimalOf(lab);
  const hash = draft?.hash ?? '';
  return (
    <Dialog title="Share this experiment" isOpen onClose={onClose}>
      {'code' in spec ? (
        <ErrorNotice error={spec} />
      ) : (
        <Tabs label="What to share" items={PARTS} value={part} onChange={setPart}>
          {part === 'link' && <LinkPart spec={spec} />}
          {part === 'embed' && (
            <Suspense fallback={<Skeleton height="300px" label="Loading the view" />}>
              <EmbedPart spec={spec} title={experiments.definition(lab)?.title ?? lab} copy={copy} />
            </Suspense>
          )}
          {part === 'files' && <FilesPart spec={spec} hash={hash} />}
          {part === 'cite' && <CitePart spec={spec} hash={hash} />}
        </Tabs>
      )}
    </Dialog>
  );
}

/** The experiment as it is shared, or what keeps it from that. */
function minimalOf(lab: string): ExperimentSpec | WireError {
  try {
    return experiments.minimal(lab);
  } catch (error) {
    return toWireError(error);
  }
}

function copy(text: string, what: string): void {
  navigator.clipboard.writeText(text).then(
    () => say(`${what} copied.`),
    () => say('The browser did not allow copying. Select the text and copy it by hand.'),
  );
}

function LinkPart({ spec }: { readonly spec: ExperimentSpec }): ReactElement {
  const link = shareLink(SITE, spec, heldHere(hub.store.getState(), spec.model));
  return (
    <div className={styles.stack}>
      {link.fits ? (
        <div className={styles.row}>
          <TextField
            label="Link"
            hideLabel
            mono
            readOnly
            value={link.url}
            onChange={() => undefined}
            onFocus={(e) => e.target.select()}
          />
          <Button variant="primary" onClick={() => copy(link.url, 'Link')}>
            Copy
          </Button>
        </div>
      ) : (
        <Notice
          tone="warn"
          title="This experiment is too long for a link"
          actions={
            <Button size="s" onClick={() => saveFile(`${spec.lab}.json`, exportJson(spec), 'application/json')}>
              Download as a file
            </Button>
          }
        >
          <p>
            The link would have {link.length.toLocaleString('en')} characters; programs cut links beyond{' '}
            {LINK_BUDGET.toLocaleString('en')}. A file holds it whole, and the command line runs it.
          </p>
        </Notice>
      )}
      <p>In it: {contents(spec)}.</p>
      <p className={styles.note}>
        {link.length.toLocaleString('en')} of {LINK_BUDGET.toLocaleString('en')} characters. The experiment stands after the “#”,
        which browsers never send to a server.
      </p>
    </div>
  );
}

function CitePart({ spec, hash }: HashedProps): ReactElement {
  const entry = useStore(results.store, ({ entries }) => entries[hash]);
  const text = citation(
    spec,
    hash,
    entry?.provenance.commit ?? COMMIT,
    entry,
    shareLink(SITE, spec, heldHere(hub.store.getState(), spec.model)).url,
  );
  return (
    <div className={styles.stack}>
      <pre className={styles.code}>{text}</pre>
      <div>
        <Button variant="primary" onClick={() => copy(text, 'Citation')}>
          Copy
        </Button>
      </div>
      <p className={styles.note}>
        The experiment’s hash is of its question alone, not of what is selected. The same hash is the same question.
      </p>
    </div>
  );
}
