import { VitrineError } from '../protocol/errors.ts';
import { LIMITS, parseSpec, type ExperimentSpec, type JsonValue } from '../spec/index.ts';
import { decodeSpec, encodeSpec } from './codec.ts';

/** The lab whose experiments have a readable address as well. */
export const FEATURE_LAB = 'feature-dashboard';
/** The lab that the start page shows. */
export const HOME_LAB = 'explore';

/** The parts of a dashboard, in the order in which they always stand. */
export const DASHBOARD_PARTS = ['meaning', 'test', 'writes', 'often', 'near', 'weights', 'examples', 'steer'] as const;
export type DashboardPart = (typeof DASHBOARD_PARTS)[number];

/** Flags of Neuronpedia's embeds, each on unless it is the literal `false`, and the parts that they take away here. */
const FLAGS: Readonly<Record<string, readonly DashboardPart[]>> = {
  embedexplanation: ['meaning'],
  embedtest: ['test'],
  embedplots: ['writes', 'often', 'near', 'weights'],
  embedactivations: ['examples'],
  embedsteer: ['steer'],
};

export interface FeaturePlace {
  readonly model: string;
  readonly sae: string;
  readonly feature: number;
}

/** Reads `feature/<model>/<sae>/<index>`, which may begin with `embed/`; null if it is not one. */
export function parseFeaturePath(path: string): FeaturePlace | null {
  const found = /^(?:embed\/)?feature\/([^/]+)\/(.+)\/(\d{1,8})$/.exec(path);
  if (!found?.[1] || !found[2] || found[3] === undefined) return null;
  return { model: found[1], sae: found[2], feature: Number(found[3]) };
}

/** `#/feature/<model>/<sae>/<index>`, with a text to test on it. */
export function featureLink({ model, sae, feature }: FeaturePlace, text?: string): string {
  const path = `#/feature/${model}/${sae}/${feature}`;
  return text === undefined || text === ''
    ? path
    : `${path}?text=${encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'))}`;
}

/**
 * The address of a dashboard's experiment: readable as far as it goes (`?text=` for one text to test), with the whole
 * experiment in `?s=` where it asks for more.
 * @param spec minimal, of the lab `feature-dashboard`
 */
export function featureFragment(spec: ExperimentSpec): string {
  const { model, saes = [], prompts, params, view, interventions, metric, sampling } = spec;
  const { feature = 0, ...others } = params;
  const [sae] = saes;
  const [prompt] = prompts;
  if (sae === undefined || saes.length > 1 || typeof feature !== 'number') return `#/lab/${spec.lab}?s=${encodeSpec(spec)}`;
  const plain =
    prompts.length < 2 &&
    (prompt === undefined || ('text' in prompt && prompt.text !== '' && prompt.bos === undefined)) &&
    Object.keys(others).length === 0 &&
    view === undefined &&
    interventions === undefined &&
    metric === undefined &&
    sampling === undefined;
  const place = { model, sae, feature };
  if (!plain) return `${featureLink(place)}?s=${encodeSpec(spec)}`;
  return featureLink(place, prompt && 'text' in prompt ? prompt.text : undefined);
}

/**
 * The experiment that the address of a feature asks for. Untrusted: throws VitrineError `bad-link` or `bad-spec`, nothing else.
 * Known in the query: `s` (a whole experiment), `text` (to test), `parts` (a comma-separated list), and the flags of
 * Neuronpedia's embeds, `defaulttesttext` included.
 */
export function specOfFeature(fragment: string): ExperimentSpec {
  const [path = '', query = ''] = fragment.replace(/^#?\/?/, '').split('?', 2);
  const place = parseFeaturePath(path);
  if (!place) throw new VitrineError('bad-link', 'there is no feature in this address');
  const options = readQuery(query);
  const packed = options.get('s') ?? null;
  const parts = partsOf(options);
  if (packed !== null) {
    const spec = decodeSpec(packed);
    if (spec.lab !== FEATURE_LAB || spec.model !== place.model || spec.saes?.[0] !== place.sae)
      throw new VitrineError('bad-link', 'the address names another feature than its experiment');
    if ((spec.params['feature'] ?? 0) !== place.feature)
      throw new VitrineError('bad-link', 'the address names another feature than its experiment');
    return parts === null ? spec : { ...spec, view: { ...spec.view, parts } };
  }
  const text = options.get('text') ?? options.get('defaulttesttext') ?? '';
  if (text.length > LIMITS.promptCharacters) throw new VitrineError('bad-link', 'the text in the address is too long');
  return parseSpec({
    v: 1,
    lab: FEATURE_LAB,
    labV: 1,
    model: place.model,
    saes: [place.sae],
    prompts: text === '' ? [] : [{ text }],
    params: { feature: place.feature },
    ...(parts === null ? {} : { view: { parts } }),
  });
}

/** `a=1&b=2` with percent signs decoded; the first of two values of one name stands. */
function readQuery(query: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const part of query.split('&')) {
    const at = part.indexOf('=');
    const name = at < 0 ? part : part.slice(0, at);
    if (!found.has(name)) found.set(name, at < 0 ? '' : decoded(part.slice(at + 1).replaceAll('+', ' ')));
  }
  return found;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new VitrineError('bad-link', 'the link is damaged');
  }
}

/** Null: all of them. */
function partsOf(options: ReadonlyMap<string, string>): JsonValue[] | null {
  const asked = options.get('parts')?.split(',');
  const off = Object.entries(FLAGS).flatMap(([flag, parts]) => (options.get(flag) === 'false' ? parts : []));
  if (!asked && off.length === 0) return null;
  return DASHBOARD_PARTS.filter((part) => (!asked || asked.includes(part)) && !off.includes(part));
}
