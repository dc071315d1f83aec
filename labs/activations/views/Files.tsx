import { useState, type ReactElement } from 'react';
import { saveFile } from '../../../app/charts/export/save.ts';
import { plainResult } from '../../../core/protocol/wire-tensor.ts';
import type { Provenance } from '../../../core/protocol/messages.ts';
import { say } from '../../../app/state/notices.ts';
import type { ModelEntry } from '../../../app/state/catalogue.ts';
import { Button } from '../../../app/ui/Button.tsx';
import { Disclosure } from '../../../app/ui/Disclosure.tsx';
import { count, plural } from '../../../app/views/numbers.ts';
import { namedTensors, toNpz, toSafetensors } from '../lib/export.ts';
import { pythonSnippet } from '../lib/python.ts';
import type { ActivationsResult } from '../result.ts';
import styles from './activations.module.css';

export interface FilesProps {
  readonly result: ActivationsResult;
  readonly provenance: Provenance | null;
  readonly model: ModelEntry | null;
  readonly file: string;
}

/** All activations as files, and Python that loads them and compares them with TransformerLens. */
export function Files({ result, provenance, model, file }: FilesProps): ReactElement {
  const numbers = result.entries.reduce((sum, { tensor }) => sum + tensor.data.byteLength / 4, 0);
  const metadata: Record<string, string> = provenance ? { provenance: JSON.stringify(provenance) } : {};
  const first = result.entries[0]?.hook ?? 'logits';
  const code = pythonSnippet({
    file: `${file}.safetensors`,
    tensor: result.prompts.length > 1 ? `prompt0/${first}` : first,
    folder:
      typeof document === 'undefined' ? '' : new URL(`${import.meta.env.BASE_URL}${model?.folder ?? ''}`, document.baseURI).href,
    family: model?.family ?? '',
    quantization: model?.quantization.kind ?? '',
  });
  const save = (make: () => void): void => {
    try {
      make();
    } catch (error) {
      say(`The file could not be made: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  return (
    <section aria-label="Files" className={styles.files}>
      <h2>Everything as a file</h2>
      <p className={styles.note}>
        {plural(namedTensors(result).length, 'tensor')}, {count(numbers)} numbers, float32, named as the hooks
        {result.prompts.length > 1 ? ' with prompt0/, prompt1/ … in front' : ''}.
      </p>
      <div className={styles.actions}>
        <Button
          onClick={() => save(() => saveFile(`${file}.safetensors`, toSafetensors(result, metadata), 'application/octet-stream'))}
        >
          safetensors
        </Button>
        <Button onClick={() => save(() => saveFile(`${file}.npz`, Uint8Array.from(toNpz(result)), 'application/zip'))}>
          npz
        </Button>
        <Button
          onClick={() =>
            save(() => saveFile(`${file}.json`, JSON.stringify({ provenance, result: plainResult(result) }), 'application/json'))
          }
        >
          JSON
        </Button>
      </div>
      <Disclosure title="Load it in Python, and compare with TransformerLens">
        <Snippet code={code} />
      </Disclosure>
    </section>
  );
}

function Snippet({ code }: { readonly code: string }): ReactElement {
  const [copied, setCopied] = useState(false);
  return (
    <>
      <pre className={styles.code}>{code}</pre>
      <Button
        size="s"
        onClick={() =>
          void navigator.clipboard.writeText(code).then(
            () => setCopied(true),
            () => say('The browser did not let the page copy. Select the text instead.'),
          )
        }
      >
        {copied ? 'Copied' : 'Copy'}
      </Button>
    </>
  );
}
