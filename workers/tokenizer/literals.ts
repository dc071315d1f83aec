/** A stretch of a text: one of the literals, or what is between them. */
export interface Stretch {
  readonly text: string;
  readonly literal: boolean;
}

interface Node {
  readonly next: Map<string, Node>;
  end: boolean;
}

/** Splits texts at literals, leftmost first, the longest of those that begin at the same place. */
export class LiteralSplitter {
  readonly #root: Node = { next: new Map(), end: false };

  constructor(literals: Iterable<string>) {
    for (const literal of literals) {
      if (literal === '') continue;
      let node = this.#root;
      for (let i = 0; i < literal.length; i++) {
        const c = literal.charAt(i);
        let next = node.next.get(c);
        if (!next) node.next.set(c, (next = { next: new Map(), end: false }));
        node = next;
      }
      node.end = true;
    }
  }

  split(text: string): Stretch[] {
    const stretches: Stretch[] = [];
    let open = 0;
    for (let at = 0; at < text.length;) {
      const end = this.#longest(text, at);
      if (end <= at) {
        at++;
        continue;
      }
      if (open < at) stretches.push({ text: text.slice(open, at), literal: false });
      stretches.push({ text: text.slice(at, end), literal: true });
      open = at = end;
    }
    if (open < text.length) stretches.push({ text: text.slice(open), literal: false });
    return stretches;
  }

  /** Where the longest literal that begins at `at` ends; `at` where none does. */
  #longest(text: string, at: number): number {
    let end = at;
    let node: Node | undefined = this.#root;
    for (let i = at; i < text.length; i++) {
      node = node.next.get(text.charAt(i));
      if (!node) break;
      if (node.end) end = i + 1;
    }
    return end;
  }
}
