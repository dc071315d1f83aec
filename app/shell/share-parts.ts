import { detach } from '../../core/files/arrays.ts';
import { writeSafetensors, type SafeInput } from '../../core/files/safetensors.ts';
import { specFragment, withHeld } from '../../core/share/address.ts';
import { LINK_BUDGET } from '../../core/share/codec.ts';
import { plainResult } from '../../core/protocol/wire-tensor.ts';
import type { ExperimentSpec } from '../../core/spec/index.ts';
import type { Quantization } from '../../core/model-config.ts';
import type { ResultEntry } from '../state/results.ts';

export interface ShareLink {
  readonly url: string;
  /** Characters of the fragment, which is what the budget counts. */
  readonly length: number;
  readonly fits: boolean;
}

/** The experiment as a link. @param held how the model's weights are held here, where that was a choice */
export function shareLink(site: string, spec: ExperimentSpec, held: Quantization | null = null): ShareLink {
  const fragment = withHeld(specFragment(spec), held);
  return { url: `${site}${fragment}`, length: fragment.length, fits: fragment.length <= LINK_BUDGET };
}

/** What a link holds, in words: “model, 1 prompt, 2 dictionaries; no results”. */
export function contents(spec: ExperimentSpec): string {
  const several = (n: number, one: string, many: string): string[] => (n === 0 ? [] : [`${n} ${n === 1 ? one : many}`]);
  const parts = [
    'model',
    ...several(spec.prompts.length, 'prompt', 'prompts'),
    ...several(spec.saes?.length ?? 0, 'dictionary', 'dictionaries'),
    ...several(spec.interventions?.length ?? 0, 'edit', 'edits'),
    ...(spec.metric ? ['metric'] : []),
    ...several(Object.keys(spec.params).length, 'setting', 'settings'),
    ...(spec.sampling ? ['seed'] : []),
    ...(spec.view && Object.keys(spec.view).length > 0 ? ['what is selected'] : []),
  ];
  return `${parts.join(', ')}; no results`;
}

export interface EmbedOptions {
  /** Pixels. */
  readonly height: number;
  readonly theme: 'system' | 'light' | 'dark';
  /** Ids of the parts to show; null: all of them. */
  readonly parts?: readonly string[] | null;
  /** How the model's weights are held here, where that was a choice. */
  readonly held?: Quantization | null;
}

/** Address of the view without the shell: the link's own, with what the embed asks for in front of the experiment. */
export function embedUrl(site: string, spec: ExperimentSpec, { theme, parts = null, held = null }: EmbedOptions): string {
  const [path = '', query] = withHeld(specFragment(spec), held).replace(/^#\//, '#/embed/').split('?', 2);
  const asked = [
    ...(theme === 'system' ? [] : [`theme=${theme}`]),
    ...(parts === null ? [] : [`parts=${parts.map(encodeURIComponent).join(',')}`]),
    ...(query === undefined ? [] : [query]),
  ];
  return `${site}${path}${asked.length === 0 ? '' : `?${asked.join('&')}`}`;
}

/** For pages that fit the frame to what is in it. It listens to this site alone, and takes a number from it and nothing else. */
export function fitScript(site: string): string {
  const origin = JSON.stringify(new URL(site).origin);
  return `<script>
addEventListener('message', ({ origin, source, data }) => {
  if (origin !== ${origin} || data?.type !== 'vitrine:height' || !(data.height > 0)) return;
  for (const frame of document.querySelectorAll('iframe'))
    if (frame.contentWindow === source) frame.style.height = Math.min(data.height, 4000) + 'px';
});
</script>`;
}

export const embedCode = (site: string, spec: ExperimentSpec, title: string, options: EmbedOptions): string =>
  frameCode(embedUrl(site, spec, options), title, options.height);

/** A plain frame. @param height pixels */
export function frameCode(address: string, title: string, height: number): string {
  const escaped = title.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;');
  const url = address.replace(/&/g, '&amp;');
  return `<iframe src="${url}" title="${escaped}" width="100%" height="${height}" style="border:0" loading="lazy"></iframe>`;
}

/** What is downloaded: the experiment, and with a result also its provenance and numbers in plain form. */
export function exportJson(spec: ExperimentSpec, entry?: ResultEntry): string {
  if (!entry) return `${JSON.stringify(spec, null, 2)}\n`;
  const { provenance, result } = entry;
  return `${JSON.stringify({ spec, specHash: provenance.specHash, provenance, result: plainResult(result) })}\n`;
}

/** The arrays of a result, each named by its place in it. */
export function arraysOf({ result }: ResultEntry): readonly SafeInput[] {
  return detach(result).arrays;
}

/** All arrays as one safetensors file, as the command line's `--out` writes it; experiment and provenance are its metadata. */
export function exportArrays(entry: ResultEntry, spec: ExperimentSpec): Uint8Array<ArrayBuffer> {
  const { provenance } = entry;
  return writeSafetensors(arraysOf(entry), {
    specHash: provenance.specHash,
    lab: provenance.lab,
    model: provenance.model.id,
    provenance: JSON.stringify(provenance),
    spec: JSON.stringify(spec),
  });
}

/** One line to cite. */
export function citation(
  spec: ExperimentSpec,
  hash: string,
  commit: string,
  entry: ResultEntry | undefined,
  url: string,
): string {
  const { id, digest } = entry?.provenance.model ?? { id: spec.model, digest: '' };
  // What has no digest of its own is named by commit or pin in its id.
  const model = /^[0-9a-f]{64}$/.test(digest) ? `${id} (sha256 ${digest.slice(0, 12)})` : id;
  return `Vitrine, lab “${spec.lab}” version ${spec.labV}, model ${model}, experiment ${hash}, commit ${commit}. ${url}`;
}
