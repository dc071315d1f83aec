/**
 * GPT-2's printable stand-in for each byte: printable Latin-1 stands for itself, the rest for U+0100 onwards.
 * Source: `bytes_to_unicode` of github.com/openai/gpt-2.
 */
const BYTE_OF: ReadonlyMap<string, number> = (() => {
  const printable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  const table = new Map<string, number>();
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) table.set(String.fromCharCode(printable(byte) ? byte : next++), byte);
  return table;
})();

/** The bytes that a byte-level token stands for; null where it has a character that stands for none. */
export function bytesOfToken(token: string): Uint8Array | null {
  const bytes = new Uint8Array(token.length);
  for (let i = 0; i < token.length; i++) {
    const byte = BYTE_OF.get(token.charAt(i));
    if (byte === undefined) return null;
    bytes[i] = byte;
  }
  return bytes;
}

/** GPT-2's own splitting, which `ByteLevel` applies where `use_regex` is on. */
const GPT2_PATTERN = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;

type Json = Readonly<Record<string, unknown>>;
const isObject = (x: unknown): x is Json => typeof x === 'object' && x !== null && !Array.isArray(x);

/**
 * Rewrites a pre-tokenizer so that it splits as the Rust library does: `\s` is Unicode's White_Space (JavaScript's own leaves out
 * U+0085 and takes in U+FEFF), and `Digits` takes all numbers, also ² and Ⅻ.
 */
export function likeRust(node: unknown): unknown {
  if (!isObject(node)) return node;
  if (Array.isArray(node['pretokenizers'])) return { ...node, pretokenizers: node['pretokenizers'].map(likeRust) };
  if (isObject(node['pattern']) && typeof node['pattern']['Regex'] === 'string')
    return { ...node, pattern: { Regex: unicodeSpaces(node['pattern']['Regex']) } };
  if (node['type'] === 'Digits') return split(node['individual_digits'] === true ? String.raw`\p{N}` : String.raw`\p{N}+`);
  const plain = node['type'] === 'ByteLevel' && node['use_regex'] !== false && node['add_prefix_space'] !== true;
  if (!plain) return node;
  return {
    type: 'Sequence',
    pretokenizers: [split(unicodeSpaces(GPT2_PATTERN)), { ...node, use_regex: false }],
  };
}

const split = (pattern: string): Json => ({
  type: 'Split',
  pattern: { Regex: pattern },
  behavior: 'Isolated',
  invert: false,
});

function unicodeSpaces(pattern: string): string {
  return pattern.replace(/\\[^]/g, (escape) =>
    escape === String.raw`\s` ? String.raw`\p{White_Space}` : escape === String.raw`\S` ? String.raw`\P{White_Space}` : escape,
  );
}
