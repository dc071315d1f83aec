import { useState, type ReactElement } from 'react';
import { useStore } from 'zustand';
import { toWireError, type WireError } from '../../core/protocol/errors.ts';
import { LINK_BUDGET } from '../../core/share/codec.ts';
import type { ExperimentSpec } from '../../core/spec/index.ts';
import { say } from '../state/notices.ts';
import { Button } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { Select, TextField } from '../ui/Field.tsx';
import { ErrorNotice, Notice } from '../ui/Notice.tsx';
import { Tabs } from '../ui/Tabs.tsx';
import { COMMIT, experiments, results, SITE } from './app.ts';
import styles from './Dialogs.module.css';
import { citation, contents, embedCode, embedUrl, exportJson, shareLink, type EmbedOptions } from './share-parts.ts';

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
          {part === 'embed' && <EmbedPart spec={spec} title={experiments.definition(lab)?.title ?? lab} />}
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

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function LinkPart({ spec }: { readonly spec: ExperimentSpec }): ReactElement {
  const link = shareLink(SITE, spec);
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
            <Button size="s" onClick={() => save(`${spec.lab}.json`, exportJson(spec))}>
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

function EmbedPart({ spec, title }: { readonly spec: ExperimentSpec; readonly title: string }): ReactElement {
  const [options, setOptions] = useState<EmbedOptions>({ height: 560, theme: 'system' });
  const code = embedCode(SITE, spec, `Vitrine: ${title}`, options);
  return (
    <div className={styles.stack}>
      <div className={styles.row}>
        <Select
          label="Theme"
          value={options.theme}
          options={[
            { value: 'system', label: 'As the reader’s system' },
            { value: 'light', label: 'Light' },
            { value: 'dark', label: 'Dark' },
          ]}
          onChange={(theme) => setOptions({ ...options, theme })}
        />
        <TextField
          label="Height, pixels"
          type="number"
          min={200}
          max={2_000}
          value={String(options.height)}
          onChange={(text) => setOptions({ ...options, height: Math.min(2_000, Math.max(0, Number(text) || 0)) })}
        />
      </div>
      <pre className={styles.code}>{code}</pre>
      <div>
        <Button variant="primary" onClick={() => copy(code, 'Embed code')}>
          Copy
        </Button>
      </div>
      <p className={styles.note}>
        It shows the recorded result where there is one, and downloads no weights until its Run button is pressed. It tells the
        page around it its height (message “vitrine:height”), and nothing else.
      </p>
      <div className={styles.preview}>
        {/* The page's own view, so there is nothing to keep it from. */}
        {/* oxlint-disable-next-line react/iframe-missing-sandbox */}
        <iframe title="Preview of the embed" src={embedUrl(SITE, spec, options)} height={Math.max(200, options.height)} />
      </div>
    </div>
  );
}

interface HashedProps {
  readonly spec: ExperimentSpec;
  readonly hash: string;
}

function FilesPart({ spec, hash }: HashedProps): ReactElement {
  const entry = useStore(results.store, ({ entries }) => entries[hash]);
  return (
    <div className={styles.stack}>
      <p>The experiment alone, for the command line or to open again; or with its result, provenance and all numbers.</p>
      <div className={styles.row}>
        <Button onClick={() => save(`${hash.slice(0, 16)}.spec.json`, exportJson(spec))}>Download the experiment</Button>
        <Button disabled={!entry} onClick={() => save(`${hash.slice(0, 16)}.json`, exportJson(spec, entry))}>
          Download with the result
        </Button>
      </div>
      <p className={styles.note}>
        A file opens again when it is dropped on the page, or with “Open an experiment from a file” in the search.
      </p>
      {!entry && <p className={styles.note}>There is no result of this experiment yet. Run it first.</p>}
      <pre className={styles.code}>{exportJson(spec)}</pre>
    </div>
  );
}

function CitePart({ spec, hash }: HashedProps): ReactElement {
  const entry = useStore(results.store, ({ entries }) => entries[hash]);
  const text = citation(spec, hash, entry?.provenance.commit ?? COMMIT, entry, shareLink(SITE, spec).url);
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
