import { ARGUMENTS, DESCRIBERS, FUNCTIONS } from '../lexicon/special.ts';
import { OBJECTS, QUALITIES } from '../lexicon/words.ts';
import type { Rng } from '../rng.ts';
import { Writer, slot } from '../template.ts';
import type { Population } from '../types.ts';

const describe = (rng: Rng) =>
  [
    slot('description', 'word-1', rng.pick(rng.chance(0.5) ? DESCRIBERS : QUALITIES)),
    slot('description', 'word-2', rng.pick(rng.chance(0.5) ? DESCRIBERS : OBJECTS)),
  ] as const;

/** Styles: what stands before each name, between name and description, and after it. */
const STYLES: readonly { readonly open: string; readonly before: string; readonly between: string; readonly close: string }[] = [
  { open: '\n    """', before: '\n    :param ', between: ': ', close: '' },
  { open: '\n    """', before: '\n    :param ', between: ': ', close: '' },
  { open: '\n    """', before: '\n    @param ', between: ' ', close: '' },
  { open: '\n    """', before: '\n    - ', between: ': ', close: '.' },
  { open: '\n    # ', before: ' with ', between: ' = ', close: ',' },
  { open: ' """', before: ' :param ', between: ': ', close: ';' },
];

/** Python functions whose docstring takes the arguments up in order. From the first one on each name is graded. */
export const docstring: Population = (rng) => {
  const n = rng.between(3, 6);
  const args = rng.sample(ARGUMENTS, n);
  const style = rng.pick(STYLES);
  const w = new Writer()
    .write('def ')
    .mark(slot('function', 'name', rng.pick(FUNCTIONS)))
    .write('(');
  if (rng.chance(0.6)) w.mark(slot('argument', 'self', 'self')).write(', ');
  args.forEach((a, i) => {
    if (i > 0) w.write(', ');
    w.mark(slot('argument', `definition-${i + 1}`, a));
    if (i === n - 1 && rng.chance(0.2)) w.write('=None');
  });
  w.write('):').write(style.open);
  const [a, b] = describe(rng);
  w.mark(a).write(' ').mark(b);
  // The literature's prompts stop early, so a list may end before the last argument.
  const shown = rng.chance(0.85) ? n : rng.between(2, n);
  args.slice(0, shown).forEach((arg, i) => {
    const [c, d] = describe(rng);
    w.write(style.before)
      .mark(slot('argument', `parameter-${i + 1}`, arg), true)
      .write(style.between)
      .mark(c);
    if (rng.chance(0.8)) w.write(' ').mark(d);
    w.write(style.close);
  });
  if (shown === n && style.open.includes('"""')) w.write('\n    """');
  return w.done('docstring', { arguments: args.join(' '), style: STYLES.indexOf(style), count: n });
};
