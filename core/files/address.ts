/**
 * A model at an address outside of the Hub, pinned by a digest of its sizes and of samples of its files (`pinOf` in
 * `workers/weights/hub/pin.ts`), so that the same id is the same weights.
 */
export interface AddressReference {
  /** Of a .gguf file; or, with `/` at its end, of a folder with safetensors, config.json and tokenizer.json. */
  readonly address: string;
  /** 16 hex digits. */
  readonly pin: string;
}

const ID = /^url:(.+)@([0-9a-f]{16})$/;
/** Of a whole id; as specs allow for names. */
const MAX_ID = 200;
const MAX_ADDRESS = MAX_ID - 'url:@'.length - 16;
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const PORT = '(?::[1-9]\\d{0,4})?';
const ORIGIN = `https://${LABEL}(?:\\.${LABEL})*${PORT}|http://(?:localhost|127\\.0\\.0\\.1|\\[::1\\])${PORT}`;
/** No query, which may hold credentials, and no empty part. */
const ADDRESS = new RegExp(`^(?:${ORIGIN})(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+)*/?$`);
/** Parts of a path that lead elsewhere. */
const DOTS = /\/(?:\.|%2e){1,2}(?:\/|$)/i;
/** Hosts whose models have ids of their own. */
const OF_THE_HUB = /^https:\/\/(?:[^/]+\.)?(?:huggingface\.co|hf\.co)[:/]/;

export const isFolder = (address: string): boolean => address.endsWith('/');

/**
 * The address of a model in the one way in which it is written here; null where it cannot be one: other schemes than https (or
 * http on this machine), credentials, a query, other files than .gguf and safetensors, the Hub. A fragment, which is not sent
 * to a host, is left out; of a model in several files, it is the first part's, or the folder's.
 */
export function modelAddress(text: string): string | null {
  const [, scheme = '', host = '', path = ''] = /^([a-z]+):\/\/([^/?#]+)(\/[^?#]*)(?:#.*)?$/i.exec(text) ?? [];
  // What is no text cannot be encoded.
  if (/\p{Surrogate}/u.test(path)) return null;
  const address = `${scheme.toLowerCase()}://${host.toLowerCase()}${path.replace(/[^\x21-\x7e]+/gu, encodeURIComponent)}`
    .replace(/^(https:\/\/[^/]+):443\/|^(http:\/\/[^/]+):80\//, '$1$2/')
    .replace(/\/model(?:-\d{5,6}-of-\d{5,6})?\.safetensors(?:\.index\.json)?$/, '/')
    .replace(/-\d{5}-of-(\d{5}\.gguf)$/i, '-00001-of-$1');
  const fits = address.length <= MAX_ADDRESS && ADDRESS.test(address) && !DOTS.test(address) && !OF_THE_HUB.test(address);
  return fits && /(?:\.gguf|\/)$/i.test(address) ? address : null;
}

/** `host:port` of an address. */
export const hostIn = (address: string): string => /^https?:\/\/([^/]+)/.exec(address)?.[1] ?? '';

export const isAddressId = (id: string): boolean => parseAddressId(id) !== null;

/** `url:<address>@<pin>`. Null for anything else, also for an address that is written in another way than `modelAddress` does. */
export function parseAddressId(id: string): AddressReference | null {
  const [, address = '', pin = ''] = (id.length <= MAX_ID ? ID.exec(id) : null) ?? [];
  return address !== '' && modelAddress(address) === address ? { address, pin } : null;
}

export const addressId = ({ address, pin }: AddressReference): string => `url:${address}@${pin}`;

/** Name of a file, as the address spells it. */
export const nameInAddress = (address: string): string => address.slice(address.lastIndexOf('/') + 1);

/** What the last part of an address is called, for a reader. */
export function addressName(address: string): string {
  const name = address.replace(/\/$/, '').replace(/^.*\//, '');
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** Address of a file of a model; null for a name that would lead elsewhere. */
export function fileAddress({ address }: Pick<AddressReference, 'address'>, name: string): string | null {
  return /^[^/\\?#:]+$/.test(name) && !/^(?:\.|%2e){1,2}$/i.test(name)
    ? address.slice(0, address.lastIndexOf('/') + 1) + name
    : null;
}
