import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { manifestPath, parseDashboardsManifest, type DashboardIndex } from '../../core/dashboards/files.ts';
import type { Variable } from '../../core/dashboards/types.ts';
import { ROOT } from '../lib/root.ts';
import { complain, print } from '../cli/io.ts';
import { readIndex } from './files.ts';

/** A feature worth showing, named by what it means: its index is looked up in what is stored. */
interface Sought {
  readonly title: string;
  readonly about: string;
  readonly prompt: string;
  readonly is: (variable: Variable) => boolean;
}

const at = (kind: string, roles: RegExp) => (v: Variable) => v.place === 'at' && v.kind === kind && roles.test(v.role ?? '');

const SOUGHT: readonly Sought[] = [
  {
    title: 'The name that acts again',
    about: 'Of all features, the one that tells best that a name was the subject before and is it again.',
    prompt: 'When Mary and John went to the store, John gave a drink to',
    is: at('name', /^subject-2$/),
  },
  {
    title: 'A word that comes back',
    about: 'Active on the second half of repeated random words, where the model copies what followed before.',
    prompt: ' lamp river Tom cake onion lamp river Tom cake onion',
    is: at('repeat', /^repeated$/),
  },
  {
    title: 'The next of a sequence',
    about: 'Days, months, letters, numerals: an item that follows the one before.',
    prompt: 'Monday, Tuesday, Wednesday, Thursday',
    is: at('sequence-item', /-next$/),
  },
  {
    title: 'A bad word about a thing',
    about: 'Words of disapproval in reviews, said plainly or not.',
    prompt: 'Sarah said that the plot was dull. I found the music awful and the view splendid.',
    is: at('sentiment', /^negative/),
  },
  {
    title: 'Right before an answer',
    about: 'Active on the token from which the model must name whom something was given to.',
    prompt: 'When Alice and Tom met at the harbor, Tom gave the lamp to Alice.',
    is: (v) => v.place === 'before' && v.kind === 'name' && v.role === 'answer',
  },
  {
    title: 'The sum in a worked puzzle',
    about: 'Numbers that are what two others add up to.',
    prompt: 'Anna has 4 apples and gets 5 more. 4 plus 5 is 9. The answer is 9.',
    is: at('number', /^sum$/),
  },
];

interface Found {
  readonly sae: string;
  readonly feature: number;
  readonly f1: number;
}

/** Writes `labs/feature-dashboard/examples.json`: features are found by their meaning in the stored dashboards. @returns the exit status */
export async function writeExamples(site: string, model: string): Promise<number> {
  const manifest = parseDashboardsManifest(JSON.parse(readFileSync(join(site, manifestPath(model)), 'utf8')));
  const indices = manifest.saes.map(({ id }) => readIndex(site, model, id)).filter((index) => index !== null);
  const examples = [];
  for (const { title, about, prompt, is } of SOUGHT) {
    const found = strongest(indices, is);
    await print(found ? `${title}: ${found.sae} ${found.feature}, F1 ${found.f1}` : `${title}: no feature means this best`);
    if (found) examples.push(example(model, title, about, prompt, found));
  }
  const any = strongest(indices, () => true);
  if (examples.length === 0 && any) {
    const { sae, feature } = any;
    const about = 'The feature of all dictionaries that matches a latent variable of the text best.';
    examples.push(example(model, 'The clearest feature', about, SOUGHT[0]?.prompt ?? '', { sae, feature }));
  }
  if (examples.length === 0) {
    complain('nothing is stored; make dashboards first');
    return 1;
  }
  const { format, resolveConfig } = await import('prettier');
  const path = join(ROOT, 'labs/feature-dashboard/examples.json');
  writeFileSync(path, await format(JSON.stringify(examples), { ...(await resolveConfig(path)), filepath: path }));
  return 0;
}

/** Largest F1 among features whose best variable is the one that is sought; ties: the first. */
function strongest(indices: readonly DashboardIndex[], is: Sought['is']): Found | null {
  let best: Found | null = null;
  for (const { sae, variables, best: matches } of indices)
    for (const [feature, match] of matches.entries()) {
      if (match === null) continue;
      const [which, f1] = match;
      const variable = variables[which];
      if (variable && is(variable) && f1 > (best?.f1 ?? 0)) best = { sae: sae.id, feature, f1 };
    }
  return best;
}

function example(
  model: string,
  title: string,
  about: string,
  prompt: string,
  { sae, feature }: Pick<Found, 'sae' | 'feature'>,
): unknown {
  const spec = { v: 1, lab: 'feature-dashboard', labV: 1, model, saes: [sae], prompts: [{ text: prompt }], params: { feature } };
  return { title, about, spec };
}
