import { sha256 as hash } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { VitrineError } from '../../core/protocol/errors.ts';
import { MemoryFile, type RandomAccessFile } from './model-files.ts';

/** What a manifest says of a file; whoever reads it may keep a copy under the digest. */
export interface FileDigest {
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

export interface ReadOptions {
  readonly signal?: AbortSignal;
  /** Called as bytes come in; `total` is null where it is unknown. */
  readonly onBytes?: (done: number, total: number | null) => void;
  /** What the file should be. A source may serve it from a cache by digest; the check itself is `readChecked`'s. */
  readonly expect?: FileDigest;
}

/**
 * Files below a base (the site's root): over HTTP in the page, from a folder in Node.
 * `read` throws `not-found` where there is none, `network`, `truncated`; an abort rejects with any error.
 */
export interface FileSource {
  /** @param path relative to the base, with `/`, without `..` */
  read(path: string, options?: ReadOptions): Promise<Uint8Array<ArrayBuffer>>;
  /** A file that is too large to be read whole. Absent where `read` is all there is. */
  open?(path: string, expect: LargeFile): Promise<RandomAccessFile>;
}

export interface LargeFile extends FileDigest {
  /** SHA-256 in hex of each 16 MiB, where the manifest has them. */
  readonly chunks?: readonly string[] | undefined;
}

/** Bytes from which on a file is read in parts. */
const LARGE = 16 * 2 ** 20;

/** Opens a file that a manifest lists; small ones, and those of sources that cannot do better, are read whole and checked first. */
export async function openFile(
  source: FileSource,
  path: string,
  expect: LargeFile,
  options: Omit<ReadOptions, 'expect'> = {},
): Promise<RandomAccessFile> {
  if (source.open && expect.bytes > LARGE) return source.open(path, expect);
  return new MemoryFile(path.slice(path.lastIndexOf('/') + 1), await readChecked(source, path, expect, options));
}

/** SHA-256 in lower-case hex; the platform's where the page is a secure context. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const { subtle } = globalThis.crypto as Partial<Crypto>;
  return bytesToHex(subtle ? new Uint8Array(await subtle.digest('SHA-256', bytes)) : hash(bytes));
}

/** Reads a file that a manifest lists: `truncated` when it is shorter, `digest-mismatch` when it is another one. */
export async function readChecked(
  source: FileSource,
  path: string,
  expect: FileDigest,
  options: Omit<ReadOptions, 'expect'> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await source.read(path, { ...options, expect });
  if (bytes.length < expect.bytes)
    throw new VitrineError('truncated', `${path} has ${bytes.length} of ${expect.bytes} bytes`, {
      detail: { path, bytes: bytes.length, expected: expect.bytes },
    });
  const found = await sha256(bytes);
  if (found !== expect.sha256)
    throw new VitrineError('digest-mismatch', `${path} is not the file that the manifest lists`, {
      detail: { path, sha256: found, expected: expect.sha256 },
    });
  return bytes;
}

/** `path` as seen from the folder of `from`; throws `bad-file` where it leaves the base. */
export function resolvePath(from: string, path: string): string {
  const parts = from.split('/').slice(0, -1);
  for (const part of path.split('/')) {
    if (part === '..') {
      if (parts.pop() === undefined) throw new VitrineError('bad-file', `${from}: "${path}" leaves the site`);
    } else if (part !== '.' && part !== '') parts.push(part);
  }
  if (path.startsWith('/') || /[\\:?#]/.test(path))
    throw new VitrineError('bad-file', `${from}: "${path}" is not a relative path`);
  return parts.join('/');
}
