import { base64urlnopad } from '@scure/base';
import { deflateSync, inflateSync, strFromU8, strToU8 } from 'fflate';
import { VitrineError } from '../protocol/errors.ts';
import { canonicalJson } from '../spec/json.ts';
import { parseSpec } from '../spec/index.ts';
import type { ExperimentSpec } from '../spec/schema.ts';

/** Longest fragment that is offered as a link; beyond it the interface offers a file. */
export const LINK_BUDGET = 2_000;
const CODEC = '1';
const MAX_ENCODED = 200_000;
const MAX_JSON = 1_000_000;

/** `1.<base64url(deflate-raw(canonical JSON))>`: the value of `s` in a lab's address. */
export const encodeSpec = (spec: ExperimentSpec): string => encodeJson(spec);

/** The same packing for anything that JSON can hold. */
export function encodeJson(value: unknown): string {
  return `${CODEC}.${base64urlnopad.encode(deflateSync(strToU8(canonicalJson(value)), { level: 9 }))}`;
}

/** The inverse, for untrusted text. Throws VitrineError `bad-link` or `bad-spec`, never anything else. */
export function decodeSpec(text: string): ExperimentSpec {
  return parseSpec(decodeJson(text));
}

/** Unpacks untrusted text; what is in it is for the caller to validate. Throws VitrineError `bad-link`, never anything else. */
export function decodeJson(text: string): unknown {
  const [version, body, ...more] = text.split('.');
  if (version !== CODEC || body === undefined || more.length > 0)
    throw new VitrineError('bad-link', 'the link is not of a format that this page knows');
  if (body.length > MAX_ENCODED) throw new VitrineError('bad-link', 'the link is too long');
  try {
    const bytes = inflateCapped(fromBase64Url(body));
    return JSON.parse(strFromU8(bytes)) as unknown;
  } catch (error) {
    throw error instanceof VitrineError
      ? error
      : new VitrineError('bad-link', 'the link is damaged: a part of it is missing or was changed', { cause: error });
  }
}

/** A fixed output buffer stops a link that inflates to gigabytes. */
function inflateCapped(bytes: Uint8Array): Uint8Array {
  const out = inflateSync(bytes, { out: new Uint8Array(MAX_JSON) });
  if (out.length >= MAX_JSON) throw new VitrineError('bad-link', 'the link holds too much');
  return out;
}

function fromBase64Url(text: string): Uint8Array {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) throw new VitrineError('bad-link', 'the link has characters that do not belong there');
  return base64urlnopad.decode(text);
}
