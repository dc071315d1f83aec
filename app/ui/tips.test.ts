import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** Attributes `title` of elements (not of components, whose names are capitalised), as `file:line`. */
function titled(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  // An `iframe` is named by its title; an SVG `title` shows on hover alone, too.
  return [
    ...text.matchAll(/<title>|<(?!iframe)[a-z]\w*(?:\s+(?!title=)[\w-]+=(?:"[^"]*"|\{[^<]*?\})|\s+\{\.\.\.\w+\})*\s+title=/g),
  ].map(({ index }) => `${file}:${text.slice(0, index).split('\n').length}`);
}

describe('what is told on hover', () => {
  it('is told by a tip, which a keyboard and a finger reach, and never by a title', () => {
    const files = ['app', 'labs'].flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap((file) =>
        /(?<!\.test)\.tsx$/.test(file) ? [`${folder}/${file}`] : [],
      ),
    );
    expect(files.length).toBeGreaterThan(100);
    expect(files.flatMap(titled)).toEqual([]);
  });
});
