import { RANDOM_SIGNS, RANDOM_SMALL, RANDOM_WORDS } from '../lexicon/pool.ts';
import type { Rng } from '../rng.ts';
import { Writer, slot } from '../template.ts';
import type { Population } from '../types.ts';

const MAX_WORDS = 100;

/** Distinct random tokens; some strings are of words only, some mixed with small words and signs. */
function draw(rng: Rng, n: number): string[] {
  const mixed = rng.chance(0.3);
  const out = new Set<string>();
  while (out.size < n) {
    const u = rng.next();
    out.add(mixed && u < 0.25 ? rng.pick(RANDOM_SMALL) : mixed && u < 0.33 ? rng.pick(RANDOM_SIGNS) : rng.pick(RANDOM_WORDS));
  }
  return [...out];
}

/**
 * Random strings that come again. `periodic`: noise, a string, perhaps noise, the string again (up to five times); the first token of a
 * repetition cannot be known and is not graded. `pairs`: random pairs in random order; what follows a word seen before is graded.
 * The text starts with a space, so that the first word is the same token as its repetition.
 */
export const repeat: Population = (rng, options) => {
  const kind = options.kind ?? (options.period === undefined && rng.chance(0.35) ? 'pairs' : 'periodic');
  const w = new Writer();
  const put = (role: string, word: string, graded = false): void => void w.raw(' ').mark(slot('repeat', role, word), graded);
  if (kind === 'pairs') {
    const n = rng.between(3, 9);
    const all = draw(rng, 2 * n);
    const seen = new Set<number>();
    const total = Math.min(48, n * rng.between(3, 5));
    for (let t = 0; t < total; t++) {
      const i = rng.int(n);
      put(seen.has(i) ? 'cue-again' : 'cue', all[i] ?? '');
      put(seen.has(i) ? 'repeated' : 'first', all[n + i] ?? '', seen.has(i));
      seen.add(i);
    }
    return w.done('repeat', { kind, period: 0, pairs: n });
  }
  const period = options.period ?? rng.between(3, 30);
  const before = options.period === undefined && rng.chance(0.4) ? rng.between(1, 12) : 0;
  const gap = options.period === undefined && rng.chance(0.35) ? rng.between(1, 6) : 0;
  const most = Math.max(2, Math.min(5, Math.floor((MAX_WORDS - before) / (period + gap))));
  const times = options.period === undefined ? rng.between(2, most) : 2;
  const all = draw(rng, before + period + gap * (times - 1));
  const noise = all.slice(period);
  for (let i = 0; i < before; i++) put('noise', noise.pop() ?? '');
  for (let k = 0; k < times; k++) {
    if (k > 0) for (let i = 0; i < gap; i++) put('noise', noise.pop() ?? '');
    for (let i = 0; i < period; i++) put(k === 0 ? 'first' : i === 0 ? 'restart' : 'repeated', all[i] ?? '', k > 0 && i > 0);
  }
  return w.done('repeat', { kind, period, before, gap, times });
};
