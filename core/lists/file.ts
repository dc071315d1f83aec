import * as v from 'valibot';
import { VitrineError } from '../protocol/errors.ts';
import { LIST_LIMITS, librarySchema, type Library } from './schema.ts';

const FORMAT = 'vitrine-lists';
const VERSION = 1;

/** What “Export” saves: labels and lists as JSON, readable and complete. */
export function libraryFile(library: Library): string {
  return `${JSON.stringify({ format: FORMAT, v: VERSION, labels: library.labels, lists: library.lists }, null, 1)}\n`;
}

/** Reads such a file; the text is not to be trusted. Throws VitrineError `bad-file`. */
export function parseLibraryFile(text: string): Library {
  if (text.length > LIST_LIMITS.file)
    throw new VitrineError('bad-file', `the file is larger than ${LIST_LIMITS.file / 1_000_000} MB, which no export is`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new VitrineError('bad-file', 'the file is not JSON', { cause });
  }
  if (typeof json !== 'object' || json === null || !('format' in json) || json.format !== FORMAT)
    throw new VitrineError('bad-file', 'the file holds no lists; an export of this page begins with "format": "vitrine-lists"');
  const { format: _format, v: version, ...rest } = json as { format: unknown; v?: unknown };
  if (version !== VERSION) throw new VitrineError('bad-file', 'the file was written by a newer version of this page');
  return parseLibrary(rest);
}

/** Labels and lists of untrusted JSON. Throws VitrineError `bad-file` that names the first field that is wrong. */
export function parseLibrary(json: unknown): Library {
  const parsed = v.safeParse(librarySchema, json, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const issue = parsed.issues[0];
  throw new VitrineError('bad-file', `${v.getDotPath(issue) ?? 'the file'}: ${issue.message}`);
}
