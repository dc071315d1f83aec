import { sha1 } from '@noble/hashes/legacy.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** Git's name of a file's content: SHA-1 of `blob <bytes>\0` and the content, in lower-case hex. */
export function gitDigest(bytes: Uint8Array): string {
  return bytesToHex(
    sha1
      .create()
      .update(utf8ToBytes(`blob ${bytes.length}\0`))
      .update(bytes)
      .digest(),
  );
}
