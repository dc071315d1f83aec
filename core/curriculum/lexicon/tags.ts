/** Spans of the literal words of templates: kind, role and lemma by word form. */
interface Tag {
  readonly kind: string;
  readonly role: string;
  readonly value: string;
}

const TABLE: readonly (readonly [kind: string, role: string, forms: string])[] = [
  [
    'verb',
    'transfer',
    'gave=give give given=give gives=give handed=hand passed=pass offered=offer sent=send showed=show threw=throw lent=lend sold=sell brought=bring bring returned=return bought=buy buy got=get gets=get took=take taken=take take lost=lose lose lent=lend mailed=mail',
  ],
  [
    'verb',
    'motion',
    'went=go go going=go walked=walk came=come come comes=come left=leave leave arrived=arrive travelled=travel commuting=commute moved=move ran=run',
  ],
  [
    'verb',
    'speech',
    'said=say say asked=ask ask told=tell talked=talk talking=talk spoke=speak speak thanked=thank called=call answered=answer',
  ],
  [
    'verb',
    'perception',
    'saw=see see sees=see met=meet knew=know know knows=know heard=hear looked=look watched=watch found=find find listened=listen noticed=notice',
  ],
  [
    'verb',
    'state',
    'is=be are=be was=be were=be be been=be had=have has=have have having=have lived=live live stayed=stay sat=sit stood=stand liked=like likes=like like wanted=want wants=want want needed=need needs=need belongs=belong belonged=belong lasted=last',
  ],
  [
    'verb',
    'action',
    'decided=decide made=make cleaned=clean put=put smiled=smile laughed=laugh helped=help lost=lose working=work worked=work waited=wait began=begin started=start ended=end finished=finish opened=open closed=close painted=paint held=hold kept=keep carried=carry cooked=cook chosen=choose picked=pick try count think thinking=think',
  ],
  [
    'connective',
    'time',
    'when while after before then afterwards later soon yesterday today tomorrow once finally until now next',
  ],
  ['connective', 'cause', 'because so since but although therefore however'],
  ['connective', 'and', 'and or'],
  ['negation', 'not', 'not never no nobody neither without'],
  ['preposition', 'place', 'at in near from between behind beside with'],
  ['preposition', 'to', 'to for by of'],
  ['pronoun', 'thing', 'it'],
  ['pronoun', 'plural', 'they them their both everyone'],
  ['pronoun', 'question', 'who what which where how'],
  ['determiner', 'definite', 'the'],
  ['determiner', 'indefinite', 'a an'],
  ['quantity', 'comparison', 'more fewer less too than bigger smaller'],
  ['noun', 'person', 'friend friends neighbour cousin teacher family child'],
  ['noun', 'time', 'day morning evening afternoon night week lunch dinner year years month'],
  ['noun', 'fact', 'capital river ruler crop flag'],
];

const tags = new Map<string, Tag>();
for (const [kind, role, forms] of TABLE) {
  for (const f of forms.split(' ')) {
    const [form = '', lemma = form] = f.split('=');
    if (!tags.has(form)) tags.set(form, { kind, role, value: lemma });
  }
}

/** The latent variable of a literal word, if the table knows the word. */
export function tagWord(word: string): Tag | undefined {
  return tags.get(word) ?? tags.get(word.toLowerCase());
}
