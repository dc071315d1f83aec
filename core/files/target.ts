import { modelAddress, parseAddressId } from './address.ts';
import { parseHubId } from './hub.ts';

/** Where a model is to be looked for. */
export type ModelTarget =
  | {
      readonly kind: 'hub';
      readonly repo: string;
      /** Branch, tag or commit; null: the newest. */
      readonly revision: string | null;
      /** The one that is meant, of several; null: whatever there is. */
      readonly file: string | null;
    }
  | {
      readonly kind: 'address';
      /** As `modelAddress` writes it. */
      readonly address: string;
      /** Of the version that is meant, see `AddressReference`; null: whatever is there now. */
      readonly pin: string | null;
    };

/** An id; `hf:owner/name`, `@revision` and `/file.gguf` where wanted; an address, of the Hub or another. Null for anything else. */
export function parseTarget(text: string): ModelTarget | null {
  const typed = text.trim();
  const pinned = parseAddressId(typed);
  if (pinned) return { kind: 'address', ...pinned };
  if (!/^https?:/i.test(typed)) return parseHubName(typed);
  const ofHub = parseHubAddress(typed);
  if (ofHub) return ofHub;
  const address = modelAddress(typed);
  return address === null ? null : { kind: 'address', address, pin: null };
}

function parseHubName(text: string): ModelTarget | null {
  if (!text.startsWith('hf:')) return null;
  const reference = parseHubId(text);
  if (reference) return { kind: 'hub', repo: reference.repo, revision: reference.commit, file: reference.file };
  const [, repo = '', revision, file] = /^hf:([^@/]*(?:\/[^@/]*)?)(?:@([^/]+))?(?:\/(.+))?$/.exec(text) ?? [];
  return { kind: 'hub', repo: repo || text.slice('hf:'.length), revision: revision ?? null, file: file ?? null };
}

/** An address that was copied from the Hub: of a repository, of one of its revisions, or of a file in one. */
function parseHubAddress(text: string): ModelTarget | null {
  const found = /^https?:\/\/(?:www\.)?(?:huggingface\.co|hf\.co)\/([^?#]*)/i.exec(text);
  if (!found) return null;
  try {
    const parts = (found[1] ?? '').split('/').map(decodeURIComponent);
    // Repositories of today have an owner; a few old ones have none.
    const at = parts.findIndex((part, i) => i > 0 && i < 3 && /^(?:tree|blob|resolve|raw)$/.test(part));
    const repo = (at < 0 ? parts.slice(0, 2) : parts.slice(0, at)).filter((part) => part !== '').join('/');
    const [revision, ...path] = at < 0 ? [] : parts.slice(at + 1);
    const file = path.join('/');
    return { kind: 'hub', repo, revision: revision || null, file: /\.gguf$/i.test(file) ? file : null };
  } catch {
    return { kind: 'hub', repo: found[1] ?? '', revision: null, file: null };
  }
}
