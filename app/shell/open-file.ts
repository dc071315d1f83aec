import { checkpointIn, isWeights } from '../../core/files/checkpoint.ts';
import { labFragment } from '../../core/share/address.ts';
import { LINK_BUDGET } from '../../core/share/codec.ts';
import { isQuantization, type Quantization } from '../../core/model-config.ts';
import { toWireError, VitrineError } from '../../core/protocol/errors.ts';
import { minimalSpec, parseSpec } from '../../core/spec/index.ts';
import { parsePlace } from '../state/address.ts';
import { noteHeld } from '../state/link-held.ts';
import { say } from '../state/notices.ts';
import { experiments, fetchJson, localModels, SITE } from './app.ts';
import { dropped, type Dropped } from './dropped-files.ts';

/** Opens an experiment from the text of a file: a spec, or what “download with the result” wrote. Throws VitrineError. */
export function openSpecText(text: string): void {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new VitrineError('bad-file', 'the file is not JSON', { cause });
  }
  openSpecJson(json);
}

function openSpecJson(json: unknown): void {
  const spec = parseSpec(typeof json === 'object' && json !== null && 'spec' in json ? json.spec : json);
  const lab = experiments.definition(spec.lab);
  if (!lab) throw new VitrineError('unknown-lab', `the file is of the lab "${spec.lab}"`);
  experiments.open(spec.lab, spec);
  noteHeld(experiments.store.getState().drafts[spec.lab]?.hash, recordedHeld(json));
  experiments.save(spec.lab);
  const fragment = labFragment(minimalSpec(spec, lab));
  location.hash = fragment.length <= LINK_BUDGET ? fragment : `#/lab/${spec.lab}`;
}

/** How weights were held for the result that a file holds beside its experiment. */
function recordedHeld(json: unknown): Quantization | null {
  const { provenance } = (json ?? {}) as { readonly provenance?: { readonly model?: { readonly quantization?: unknown } } };
  const held = provenance?.model?.quantization;
  return isQuantization(held) ? held : null;
}

/** Lets the reader pick a file, and says what was wrong with it where it cannot be opened. */
export function pickSpecFile(): void {
  const input = document.createElement('input');
  input.type = 'file';
  input.accept = 'application/json,.json';
  input.addEventListener('change', () => {
    void input.files?.[0]?.text().then(tryOpen);
  });
  input.click();
}

function tryOpen(text: string): void {
  try {
    openSpecText(text);
  } catch (error) {
    say(`The file cannot be opened: ${toWireError(error).message}.`);
  }
}

/** Offers the model in files that were dropped, or in a folder. */
export function offerDropped({ files, folder }: Dropped): void {
  if (!folder) return void (files.length > 0 && localModels.offer(files));
  folder.then(
    (all) => {
      const { files: own, name } = checkpointIn(all);
      void localModels.offer(own, name);
    },
    () => say('The folder could not be read: choose its files instead.'),
  );
}

/** Files dropped on the page open as experiments; weights, and what lies with them, are offered as a model. */
export function acceptDroppedFiles(): () => void {
  const over = (event: DragEvent): void => {
    if (event.dataTransfer?.types.includes('Files') === true) event.preventDefault();
  };
  const drop = (event: DragEvent): void => {
    const file = event.dataTransfer?.files[0];
    if (!file || event.defaultPrevented || !event.dataTransfer) return;
    event.preventDefault();
    const { files, folder } = dropped(event.dataTransfer);
    if (folder !== null || files.some(({ name }) => isWeights(name))) {
      offerDropped({ files, folder });
      location.hash = '#/models';
    } else void file.text().then(tryOpen);
  };
  window.addEventListener('dragover', over);
  window.addEventListener('drop', drop);
  return () => {
    window.removeEventListener('dragover', over);
    window.removeEventListener('drop', drop);
  };
}

/** `#/lab/<id>?src=<path>`: an experiment too long for a link, from a file of this very site. */
export function followSources(): void {
  const follow = (): void => {
    const fragment = location.hash;
    const place = parsePlace(fragment);
    if (!('lab' in place && 'options' in place) || place.hasSpec) return;
    const src = place.options.get('src');
    if (src === null) return;
    const url = new URL(src, SITE);
    const refuse = (error: unknown): void => experiments.setBadLink({ address: fragment, error: toWireError(error) });
    if (url.origin !== new URL(SITE).origin)
      return refuse(new VitrineError('bad-link', 'experiments are only loaded from this site itself'));
    fetchJson(url.href).then(
      (json) => {
        if (location.hash !== fragment) return;
        try {
          if (json === null) throw new VitrineError('not-found', `this site has no ${src}`);
          experiments.open(place.lab, parseSpec(json));
        } catch (error) {
          refuse(error);
        }
      },
      (error: unknown) => refuse(new VitrineError('network', `${src} did not arrive`, { cause: error })),
    );
  };
  follow();
  window.addEventListener('hashchange', follow);
}
