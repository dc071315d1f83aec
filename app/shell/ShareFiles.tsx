import { useState, type ReactElement } from 'react';
import { useStore } from 'zustand';
import { saveFile, savePng } from '../charts/export/save.ts';
import type { ExperimentSpec } from '../../core/spec/index.ts';
import { figuresOnPage, type FigureFiles } from '../state/figures.ts';
import { say } from '../state/notices.ts';
import { Button } from '../ui/Button.tsx';
import { results } from './app.ts';
import styles from './Dialogs.module.css';
import { arraysOf, exportArrays, exportJson } from './share-parts.ts';

export interface HashedProps {
  readonly spec: ExperimentSpec;
  readonly hash: string;
}

/** The experiment, its result, its arrays and its pictures as files. */
export function FilesPart({ spec, hash }: HashedProps): ReactElement {
  const entry = useStore(results.store, ({ entries }) => entries[hash]);
  const [figures] = useState(figuresOnPage);
  const name = hash.slice(0, 16);
  const arrays = entry ? arraysOf(entry).length : 0;
  return (
    <div className={styles.stack}>
      <p>The experiment alone, for the command line or to open again; or with its result, provenance and all numbers.</p>
      <div className={styles.buttons}>
        <Button onClick={() => saveJson(`${name}.spec.json`, exportJson(spec))}>Download the experiment</Button>
        <Button disabled={!entry} onClick={() => saveJson(`${name}.json`, exportJson(spec, entry))}>
          Download with the result
        </Button>
        {entry && arrays > 0 && (
          <Button onClick={() => saveFile(`${name}.safetensors`, exportArrays(entry, spec), 'application/octet-stream')}>
            Arrays as safetensors
          </Button>
        )}
      </div>
      {arrays > 0 && (
        <p className={styles.note}>
          {arrays} {arrays === 1 ? 'array' : 'arrays'}, named by their place in the result; experiment and provenance ride in the
          file’s metadata.
        </p>
      )}
      {!entry && <p className={styles.note}>There is no result of this experiment yet. Run it first.</p>}
      {figures.length > 0 && <Pictures figures={figures} />}
      <p className={styles.note}>
        A file opens again when it is dropped on the page, or with “Open an experiment from a file” in the search.
      </p>
      {/* It scrolls, and takes the focus so that arrows do it. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre className={styles.code} tabIndex={0} aria-label="The experiment as JSON">
        {exportJson(spec)}
      </pre>
    </div>
  );
}

const saveJson = (name: string, text: string): void => saveFile(name, text, 'application/json');

/** The pictures of the page, as they stand: numbers as CSV, drawings as SVG and PNG. */
function Pictures({ figures }: { readonly figures: readonly FigureFiles[] }): ReactElement {
  return (
    <section className={styles.stack} aria-label="Pictures on the page">
      <p>The pictures that are on the page now.</p>
      <ul className={styles.loaded}>
        {figures.map(({ name, file, csv, svg }, i) => (
          <li key={`${i}-${file}`} className={styles.picture}>
            <b>{name}</b>
            <span className={styles.formats}>
              <Button
                size="s"
                aria-label={`${name} as CSV`}
                onClick={() => attempt(() => saveFile(`${file}.csv`, csv(), 'text/csv'))}
              >
                CSV
              </Button>
              {svg && (
                <Button
                  size="s"
                  aria-label={`${name} as SVG`}
                  onClick={() => attempt(() => saveFile(`${file}.svg`, svg(), 'image/svg+xml'))}
                >
                  SVG
                </Button>
              )}
              {svg && (
                <Button size="s" aria-label={`${name} as PNG`} onClick={() => attempt(() => savePng(`${file}.png`, svg()))}>
                  PNG
                </Button>
              )}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Says why where a file cannot be made. */
function attempt(action: () => void | Promise<void>): void {
  const refuse = (error: unknown): void =>
    say(`The file could not be made: ${error instanceof Error ? error.message : String(error)}.`);
  try {
    void action()?.catch(refuse);
  } catch (error) {
    refuse(error);
  }
}
