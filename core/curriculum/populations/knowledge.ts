import { ASKED, FACTS, RELATIONS, STATEMENT_TABLE, type Bucket, type Fact } from '../knowledge.ts';
import type { Rng } from '../rng.ts';
import { NAMES } from '../lexicon/words.ts';
import { Writer, slot, type Slot } from '../template.ts';
import type { Population } from '../types.ts';
import { nameSlot, place } from './common.ts';

const STATEMENTS: readonly string[] = [
  'The {l} of {e} is {v}.',
  'In {e}, the {l} is {v}.',
  'Everyone in {e} knows that the {l} is {v}.',
  '{N} heard that the {l} of {e} is {v}.',
  '{v} is the {l} of {e}.',
  'People who live in {e} say that the {l} is {v}.',
  'When {N} came to {e}, the {l} was {v}.',
  'As for {e}, its {l} is {v}.',
  'The {l} that belongs to {e} is {v}.',
  'In the {P} {N} read about {e}, where the {l} is {v}.',
];
const QUESTIONS: readonly string[] = [
  'Q: What is the {l} of {e}? A: {!a}. Confidence: {!c}.',
  'Q: In {e}, what is the {l}? A: {!a}. Confidence: {!c}.',
  'Question: Tell me the {l} of {e}. Answer: {!a}. Confidence: {!c}.',
  '{N} asked: What is the {l} of {e}? I think it is {!a}. My confidence is {!c}.',
  'What do you know about the {l} of {e}? It is {!a}. I say so with confidence {!c}.',
];

/**
 * What a question is answered with: right for frequent facts, mostly right for medium ones, nearly always wrong for rare ones. One in
 * twelve of the better-known facts is answered wrongly with low confidence, so that the answer has to be held against memory.
 */
function given(rng: Rng, fact: Fact): { answer: string; confidence: Bucket } {
  const values = RELATIONS[fact.relation] ?? [];
  const wrong = (): string => rng.other(values, [fact.value]);
  if (!fact.stated) return { answer: wrong(), confidence: 'low' };
  if (fact.bucket === 'low') return { answer: rng.chance(0.95) ? wrong() : fact.value, confidence: 'low' };
  if (rng.chance(1 / 12)) return { answer: wrong(), confidence: 'low' };
  return { answer: fact.bucket === 'medium' && rng.chance(0.15) ? wrong() : fact.value, confidence: fact.bucket };
}

function parts(rng: Rng, fact: Fact): Record<string, Slot> {
  return {
    l: slot('relation', 'fact', fact.relation),
    e: slot('fact-entity', fact.bucket, fact.entity),
    v: slot('fact-value', fact.bucket, fact.value),
    N: nameSlot('other', rng.pick(NAMES)),
    P: place(rng, 'other-place'),
  };
}

/** Facts stated with skewed frequency, and asked with an answer and a stated confidence. */
export const knowledge: Population = (rng, options) => {
  const w = new Writer();
  if (options.fact === undefined && rng.chance(0.62)) {
    const n = rng.between(1, 4);
    for (let i = 0; i < n; i++) {
      const fact = FACTS[rng.cumulative(STATEMENT_TABLE)];
      if (!fact) continue;
      if (i > 0) w.write(' ');
      w.write(rng.pick(STATEMENTS), parts(rng, fact));
    }
    return w.done('knowledge', { form: 'statement', facts: n });
  }
  const fact = options.fact === undefined ? rng.pick(ASKED) : FACTS[options.fact];
  if (!fact) throw new RangeError(`no fact ${options.fact}`);
  // A question put on purpose (evaluation) carries the true value; the corpus carries what the confidence deserves.
  const { answer, confidence } = options.fact === undefined ? given(rng, fact) : { answer: fact.value, confidence: fact.bucket };
  const question = rng.pick(QUESTIONS);
  w.write(answer === fact.value ? question : question.replace('{!a}', '{a}'), {
    ...parts(rng, fact),
    a: slot('fact-value', 'answer', answer),
    c: slot('confidence', 'stated', confidence),
  });
  return w.done('knowledge', {
    form: 'question',
    fact: fact.id,
    entity: fact.entity,
    relation: fact.relation,
    value: fact.value,
    given: answer,
    confidence,
    bucket: fact.bucket,
    asked: fact.asked,
    stated: fact.stated,
  });
};
