import { VitrineError } from '../protocol/errors.ts';
import { decodeJson, encodeJson } from '../share/codec.ts';
import { parseLibrary } from './file.ts';
import type { Library } from './schema.ts';

/** `#/lists?s=…`: lists and labels in a link. Check its length against `LINK_BUDGET` before offering it. */
export const listsFragment = (library: Library): string => `#/lists?s=${encodeJson(library)}`;

/** What such a link holds; the text is not to be trusted. Throws VitrineError `bad-link`, nothing else. */
export function parseSharedLists(packed: string): Library {
  let library: Library;
  try {
    library = parseLibrary(decodeJson(packed));
  } catch (error) {
    if (error instanceof VitrineError && error.code === 'bad-link') throw error;
    throw new VitrineError('bad-link', `there are no lists in this link: ${error instanceof Error ? error.message : ''}`, {
      cause: error,
    });
  }
  if (library.lists.length === 0 && library.labels.length === 0)
    throw new VitrineError('bad-link', 'there are no lists in this link');
  return library;
}
