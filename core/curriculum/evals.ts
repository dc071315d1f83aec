import { corpus, generate } from './corpus.ts';
import { corruptedTwin } from './corrupt.ts';
import { FACTS } from './knowledge.ts';
import { TASK_IDS } from './populations/in-context.ts';
import { LITERATURE } from './populations/ioi-templates.ts';
import { PUZZLE_KINDS } from './populations/puzzle.ts';
import { SEQUENCES } from './populations/sequence.ts';
import { createRng, type Rng } from './rng.ts';
import type { Doc, GenerateOptions, PopulationId } from './types.ts';

const CONDITIONS: readonly GenerateOptions[] = [
  { others: false, apposition: false, bystander: false },
  { others: true, apposition: false, bystander: false },
  { others: false, apposition: true, bystander: false },
  { others: false, apposition: false, bystander: true },
  { others: true, apposition: false, bystander: true },
  { others: true, apposition: true, bystander: true },
];
const CONDITION_IDS = ['plain', 'others', 'apposition', 'bystander', 'others+bystander', 'all'];

function many(n: number, rng: Rng, population: PopulationId, options: GenerateOptions = {}): Doc[] {
  const out: Doc[] = [];
  while (out.length < n) {
    const d = generate(population, rng, options);
    if (d.answers.length > 0) out.push(d);
  }
  return out;
}

function ioiSet(rng: Rng, each: number): Doc[] {
  const out: Doc[] = [];
  LITERATURE.forEach((_, template) => {
    for (const order of ['ABBA', 'BABA'] as const) {
      CONDITIONS.forEach((c, i) => {
        for (let k = 0; k < each; k++) {
          const d = generate('ioi', rng, { form: 'literature', template, order, controls: false, ...c });
          out.push({ ...d, meta: { ...d.meta, condition: CONDITION_IDS[i] ?? '' } });
        }
      });
    }
  });
  return rng.shuffle(out);
}

const withTwins = (docs: readonly Doc[]): Doc[] => docs.map((d) => corruptedTwin(d) ?? d);

/** Plain prompts in the literature's frames, many a frame, for means over aligned positions. */
function circuitSet(rng: Rng, each: number): Doc[] {
  const plain: GenerateOptions = { form: 'literature', controls: false, others: false, apposition: false, bystander: false };
  return LITERATURE.flatMap((_, template) =>
    (['ABBA', 'BABA'] as const).flatMap((order) =>
      Array.from({ length: each }, () => generate('ioi', rng, { ...plain, template, order })),
    ),
  );
}

/**
 * The evaluation sets by file name, from streams of their own. `ioi_X_abc` is aligned line by line with `ioi_X`. `knowledge` asks for every
 * fact, with the true value in the text. In `inContext_*` only the answer after 8 examples is graded.
 */
export function evalSets(seed: number): Record<string, Doc[]> {
  const stream = (label: string): Rng => createRng(seed, `held-out ${label}`);
  const sets: Record<string, Doc[]> = {};
  const ioi = ioiSet(stream('ioi'), 4);
  sets['ioi'] = ioi;
  sets['ioi_abc'] = withTwins(ioi);
  for (const form of ['varied', 'twoPairs', 'threePeople', 'split'] as const)
    sets[`ioi_${form}`] = many(300, stream(form), 'ioi', { form, controls: false });
  // "When X and Y got …" and "Friends X and Y found …" are frames of the literature as well, so they stand in the text after all.
  sets['ioi_unseen'] = many(320, stream('unseen'), 'ioi', { form: 'varied', unseenFrame: true, controls: false })
    .filter((d) => !/(When|Friends) (both )?\w+ and \w+ (got|found)/.test(d.text))
    .slice(0, 300);
  sets['ioi_circuit'] = circuitSet(stream('circuit'), 20);
  sets['ioi_circuit_abc'] = withTwins(sets['ioi_circuit']);
  sets['ioi_twoPairs_abc'] = withTwins(sets['ioi_twoPairs'] ?? []);
  for (const c of SEQUENCES) sets[`sequence_${c.id}`] = many(100, stream(c.id), 'sequence', { kind: c.id });
  sets['greaterThan'] = many(600, stream('greaterThan'), 'greaterThan');
  sets['docstring'] = many(300, stream('docstring'), 'docstring');
  sets['repeat'] = [3, 5, 8, 12, 16, 20, 25, 30].flatMap((period) =>
    many(40, stream(`repeat ${period}`), 'repeat', { period, kind: 'periodic' }),
  );
  sets['repeat'] = stream('repeat order').shuffle(sets['repeat']);
  sets['repeat_pairs'] = many(200, stream('pairs'), 'repeat', { kind: 'pairs' });
  for (const task of TASK_IDS) sets[`inContext_${task}`] = many(120, stream(task), 'inContext', { task, shots: 8 });
  const asking = stream('knowledge');
  sets['knowledge'] = asking.shuffle(FACTS.flatMap((f) => many(1, asking, 'knowledge', { fact: f.id })));
  for (const kind of PUZZLE_KINDS) sets[`puzzle_${kind}`] = many(150, stream(kind), 'puzzle', { kind });
  sets['agreement'] = many(300, stream('narrative'), 'narrative');
  sets['sentiment'] = many(300, stream('sentiment'), 'sentiment');
  sets['persona'] = many(300, stream('persona'), 'persona');
  const mixed = corpus(seed ^ 0x5eed);
  sets['validation'] = Array.from({ length: 2000 }, () => mixed.next().value);
  return sets;
}
