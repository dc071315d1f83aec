import { ARGUMENTS } from './lexicon/special.ts';
import { RANDOM_WORDS } from './lexicon/pool.ts';
import { ENTITIES } from './knowledge.ts';
import { SEQUENCES } from './populations/sequence.ts';
import { TASKS } from './populations/in-context.ts';
import { abcTwin } from './populations/ioi.ts';
import { createRng, type Rng } from './rng.ts';
import { replaceSpans } from './template.ts';
import type { Doc } from './types.ts';

function seedOf(doc: Doc): Rng {
  return createRng(doc.text.length, doc.text);
}

/** New words for old ones, the same new word wherever the old one stands. */
function consistent(rng: Rng, pool: readonly string[], present: ReadonlySet<string>): (old: string) => string {
  const fresh = rng.shuffle(pool.filter((x) => !present.has(x)));
  const map = new Map<string, string>();
  return (old) => {
    const known = map.get(old);
    if (known !== undefined) return known;
    const x = fresh.pop() ?? rng.pick(pool);
    map.set(old, x);
    return x;
  };
}

/**
 * The corrupted twin of a document, aligned word by word; deterministic from the document's text.
 * ioi: ABC (three unrelated names; Wang et al. 2022). greaterThan: start year 01 (Hanna et al. 2023). docstring: random_random, other names
 * in definition and parameters (ACDC). repeat: the first occurrences become other words, so that nothing repeats. sequence: earlier items
 * become random ones. inContext: the shown answers are dealt out anew. knowledge: another country. Null where the literature has none.
 */
export function corruptedTwin(doc: Doc): Doc | null {
  const rng = seedOf(doc);
  const present = new Set(doc.spans.map((s) => s.value));
  switch (doc.population) {
    case 'ioi':
      return abcTwin(doc, rng);
    case 'greaterThan':
      return replaceSpans(doc, (s) => (s.role === 'start-year' ? '01' : null), { ...doc.meta, corrupted: '01' });
    case 'docstring': {
      // Two pools without a common name, so that no parameter is one of the new definition's.
      const names = rng.shuffle(ARGUMENTS);
      const definition = consistent(rng, names.slice(0, 36), present);
      const parameter = consistent(rng, names.slice(36), present);
      const swap = (role: string, value: string): string | null =>
        role.startsWith('definition') ? definition(value) : role.startsWith('parameter') ? parameter(value) : null;
      return replaceSpans(doc, (s) => (s.kind === 'argument' ? swap(s.role, s.value) : null), {
        ...doc.meta,
        corrupted: 'random_random',
      });
    }
    case 'repeat': {
      const fresh = consistent(rng, RANDOM_WORDS, present);
      return replaceSpans(doc, (s) => (s.role === 'first' || s.role === 'cue' ? fresh(s.value) : null), {
        ...doc.meta,
        corrupted: 'unrepeated',
      });
    }
    case 'sequence': {
      const items = SEQUENCES.find((c) => c.id === doc.meta['class'])?.items ?? [];
      const graded = new Set(doc.answers.map((a) => a.start));
      return replaceSpans(doc, (s) => (s.kind === 'sequence-item' && !graded.has(s.start) ? rng.other(items, [s.value]) : null), {
        ...doc.meta,
        corrupted: 'random',
      });
    }
    case 'inContext': {
      const answers = (TASKS[String(doc.meta['task'])] ?? []).map(([, y]) => y);
      const last = doc.answers.at(-1)?.start;
      return replaceSpans(doc, (s) => (s.kind === 'task-answer' && s.start !== last ? rng.other(answers, [s.value]) : null), {
        ...doc.meta,
        corrupted: 'shuffled',
      });
    }
    case 'knowledge': {
      const fresh = consistent(rng, ENTITIES, present);
      return replaceSpans(doc, (s) => (s.kind === 'fact-entity' ? fresh(s.value) : null), { ...doc.meta, corrupted: 'entity' });
    }
    default:
      return null;
  }
}
