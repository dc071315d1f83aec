import { NAMES } from '../lexicon/words.ts';
import type { Rng } from '../rng.ts';
import { Writer, capital, replaceSpans, type Slot } from '../template.ts';
import type { Doc, GenerateOptions, Population } from '../types.ts';
import { mood, nameSlot, object, place, quality } from './common.ts';
import { frame } from './ioi-frames.ts';
import * as shapes from './ioi-templates.ts';

type Form = NonNullable<GenerateOptions['form']>;
const FORMS: readonly (readonly [Form, number])[] = [
  ['literature', 0.2],
  ['varied', 0.3],
  ['twoPairs', 0.28],
  ['threePeople', 0.12],
  ['split', 0.1],
];

function pickForm(rng: Rng): Form {
  let u = rng.next();
  for (const [form, p] of FORMS) if ((u -= p) < 0) return form;
  return 'varied';
}

/** Bare role letters of a shape become slots; `I` is graded unless the giver is a third person. */
function roles(template: string, graded: boolean): string {
  return template.replace(/\b(?:[XYSTZABI]|P(?= |$|,|\.))\b(?![^{]*\})/g, (r) => (r === 'I' && graded ? '{!I}' : `{${r}}`));
}

interface Clause {
  first: string;
  join: ', ' | '. ';
  second: string;
  thing: boolean;
  template: number;
}

function clause(rng: Rng, form: Form, options: GenerateOptions): Clause {
  if (form === 'literature') {
    const template = options.template ?? rng.int(shapes.LITERATURE.length);
    const s = shapes.LITERATURE[template];
    if (!s) throw new RangeError(`no template ${template}`);
    return { ...s, template };
  }
  if (form === 'varied' && (options.unseenFrame !== undefined || rng.chance(0.6)))
    return { ...frame(rng, options.unseenFrame ?? false), template: -1 };
  const list =
    form === 'threePeople'
      ? shapes.THREE_SECOND
      : form === 'split'
        ? shapes.SPLIT
        : form === 'twoPairs' && rng.chance(0.25)
          ? shapes.PARTNER
          : shapes.SECOND;
  const [second, thing] = rng.pick(list);
  if (form === 'twoPairs') return { first: rng.pick(shapes.TWO_PAIRS).slice(0, -2), join: '. ', second, thing, template: -1 };
  if (form === 'threePeople')
    return { first: rng.pick(shapes.THREE_FIRST).slice(0, -2), join: '. ', second, thing, template: -1 };
  if (rng.chance(0.4)) {
    const s = rng.pick(shapes.LITERATURE.filter((l) => !l.first.includes('{@O}')));
    return { first: s.first, join: s.join, second, thing, template: -1 };
  }
  const [first, join] = rng.pick(shapes.FIRST);
  return { first, join, second, thing, template: -1 };
}

/** Indirect-object sentences: the answer is the one of the pair who does not come again. */
export const ioi: Population = (rng, options) => {
  const form = options.form ?? (options.template === undefined ? pickForm(rng) : 'literature');
  const c = clause(rng, form, options);
  const order = options.order ?? (rng.chance(0.5) ? 'BABA' : 'ABBA');
  const people = rng.sample(NAMES, 12);
  const name = (i: number): string => people[i] ?? '';
  const [s, io] = [name(0), name(1)];
  const others = options.others ?? rng.chance(0.6);
  const apposition = options.apposition ?? rng.chance(0.25);
  const bystander = options.bystander ?? rng.chance(0.35);
  const control =
    (options.controls ?? true) &&
    (form === 'literature' || form === 'varied') &&
    options.template === undefined &&
    rng.chance(0.1);

  const slots: Record<string, Slot> = {
    P: place(rng),
    Q: place(rng, 'other-place'),
    O: object(rng, 'gift'),
    R: object(rng, 'other-object'),
    U: object(rng, 'other-object-2'),
    J: mood(rng, 'other'),
    K: quality(rng, 'other'),
    S: nameSlot(control ? 'third-person' : 'subject-2', control ? name(2) : s),
    I: nameSlot('answer', io),
    I2: nameSlot('indirect-object-after', io),
    S3: nameSlot('subject-after', control ? name(2) : s),
    A: nameSlot('other-pair-1', name(3)),
    B: nameSlot('other-pair-2', name(4)),
    T: nameSlot('second-subject-2', name(5)),
  };
  const subject = nameSlot(control ? 'pair-1' : 'subject-1', s);
  const indirect = nameSlot('indirect-object', io);
  if (form === 'threePeople') {
    const three = rng.shuffle([subject, indirect, nameSlot('second-subject-1', name(5))]);
    ['X', 'Y', 'Z'].forEach((k, i) => (slots[k] = three[i] ?? subject));
  } else {
    slots['X'] = order === 'BABA' ? subject : indirect;
    slots['Y'] = order === 'BABA' ? indirect : subject;
  }

  const w = new Writer();
  let next = 6;
  const extra = (role: string): Slot => nameSlot(role, name(next++));
  const aside = (): void => {
    const own = {
      Q: place(rng, 'other-place'),
      R: object(rng, 'other-object'),
      J: mood(rng, 'other'),
      K: quality(rng, 'other'),
      E: extra('other'),
      F: extra('other'),
    };
    w.write(rng.pick(shapes.OTHERS), own);
  };
  const earlier = !control && options.template === undefined && rng.chance(0.07);
  const before = others && (c.join === ', ' || rng.chance(0.75));
  if (earlier) {
    const g = nameSlot('earlier', rng.chance(0.6) ? io : s);
    w.write(rng.pick(shapes.EARLIER), {
      G: g,
      Q: place(rng, 'other-place'),
      R: object(rng, 'other-object'),
      J: mood(rng, 'other'),
      K: quality(rng, 'other'),
    });
  }
  if (before) aside();
  w.write(capitalStart(roles(c.first, false)) + c.join, slots);
  if (others && !before) aside();

  let second = roles(c.second, !control);
  const E = extra('other');
  if (apposition) second = second.replace('~', rng.pick(shapes.APPOSITIONS).replace('{E}', '{E1}'));
  if (bystander)
    second = second.replace(
      '^',
      rng.pick(c.thing && rng.chance(0.5) ? shapes.BYSTANDERS_THING : shapes.BYSTANDERS_ANY).replace('{E}', '{E2}'),
    );
  second = second.replace('~', '').replace('^', '').replaceAll(',,', ',');
  w.write(c.join === '. ' ? capitalStart(second) : second, { ...slots, E1: E, E2: extra('bystander') });
  const end = w.length - (slots['I']?.text.length ?? 0);
  if (rng.chance(0.75)) w.write('.');
  else w.write(rng.pick(shapes.AFTER), slots);

  const last = w.lastBefore('name', end);
  return w.done('ioi', {
    form,
    template: c.template,
    order: form === 'threePeople' ? null : order,
    IO: io,
    S: control ? null : s,
    hasOthers: others,
    hasApposition: apposition,
    hasBystander: bystander,
    earlier,
    control,
    lastNameIsSubject: last === slots['S']?.value,
    answerStart: end,
  });
};

function capitalStart(template: string): string {
  const m = /^\{([!@]*)(\w+)\}/.exec(template);
  if (!m) return capital(template);
  if ((m[1] ?? '').includes('@')) return `A {${m[2] ?? ''}}${template.slice(m[0].length)}`;
  return template;
}

/** The ABC corruption: subject, repeated subject and indirect object become three unrelated names; all else stays. */
export function abcTwin(doc: Doc, rng: Rng): Doc {
  const present = new Set(doc.spans.filter((s) => s.kind === 'name').map((s) => s.value));
  const fresh = rng.sample(
    NAMES.filter((n) => !present.has(n)),
    5,
  );
  const by: Record<string, string | undefined> = {
    'subject-1': fresh[0],
    'subject-2': fresh[1],
    'subject-after': fresh[1],
    'indirect-object': fresh[2],
    answer: fresh[2],
    'indirect-object-after': fresh[2],
    'second-subject-1': fresh[3],
    'second-subject-2': fresh[4],
    earlier: fresh[3],
  };
  return replaceSpans(doc, (s) => (s.kind === 'name' ? (by[s.role] ?? null) : null), {
    ...doc.meta,
    corrupted: 'ABC',
    S1: fresh[0] ?? '',
    S2: fresh[1] ?? '',
    IO2: fresh[2] ?? '',
  });
}
