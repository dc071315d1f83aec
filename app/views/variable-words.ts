import type { Variable, VariableMatch } from '../../core/dashboards/types.ts';

/** From this F1 on (scored half) the best-matching variable names the feature; below it the dashboard says “No label yet”. */
export const NAMED_FROM = 0.5;

/** `camelCase`, `kebab-case-2` → words. */
const plain = (text: string): string =>
  text
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll('-', ' ')
    .toLowerCase();

const what = ({ kind, role, value }: Variable): string =>
  role !== null ? `${plain(kind)}, ${plain(role)}` : value !== null ? `${plain(kind)} “${value}”` : plain(kind);

/** A variable in words: “right before a name, indirect object”. */
export function truthWords(variable: Variable): string {
  const words = what(variable);
  switch (variable.place) {
    case 'at':
      return words;
    case 'last':
      return `last token of ${words}`;
    case 'before':
      return `right before ${words}`;
    case 'population':
      return `any token of ${plain(variable.kind)} text`;
    case 'token':
      return `the token “${variable.value ?? ''}”`;
  }
}

/** As a heading. */
export function variableTitle(variable: Variable): string {
  const words = truthWords(variable);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `before name role=indirect-object`: the variable by its names in the curriculum. */
export function variableCode({ place, kind, role, value }: Variable): string {
  const parts = [
    place === 'at' ? null : place,
    kind,
    role === null ? null : `role=${role}`,
    value === null ? null : `value=${value}`,
  ];
  return parts.filter((part) => part !== null).join(' ');
}

/** The name that the ground truth gives; null where nothing matches well enough. */
export function truthName(best: VariableMatch | null): string | null {
  return best && best.score.f1 >= NAMED_FROM ? variableTitle(best.variable) : null;
}
