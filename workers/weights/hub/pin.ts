import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { HubFile } from '../../../core/files/hub.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import type { RandomAccessFile } from '../model-files.ts';

/** Bytes of one sample. */
export const SAMPLE: number = 64 * 2 ** 10;
const DIGITS = 16;

const digest = (...parts: readonly Uint8Array[]): string => {
  const hash = sha256.create();
  for (const part of parts) hash.update(part);
  return bytesToHex(hash.digest()).slice(0, DIGITS);
};

/** What tells a file from another one before it is downloaded: its size and its beginning. */
export async function headPin(file: RandomAccessFile, signal?: AbortSignal): Promise<string> {
  return digest(utf8ToBytes(`${file.size} `), await file.read(0, Math.min(SAMPLE, file.size), signal));
}

/**
 * The same with samples of its middle and its end: a model that was trained further has the beginning of the one before it.
 * Only of hosts that send parts of files.
 */
export async function pinOf(file: RandomAccessFile, signal?: AbortSignal): Promise<string> {
  const { size } = file;
  const places = size <= 3 * SAMPLE ? [[0, size] as const] : [0, Math.floor((size - SAMPLE) / 2), size - SAMPLE].map(sampleAt);
  const samples: Uint8Array[] = [];
  for (const [from, to] of places) samples.push(await file.read(from, to, signal));
  return digest(utf8ToBytes(`${size} `), ...samples);
}

const sampleAt = (from: number): readonly [number, number] => [from, from + SAMPLE];

/** Of a model in several files. */
export function pinOfAll(files: readonly HubFile[]): string {
  const [first, ...rest] = files;
  if (first?.pin !== undefined && rest.length === 0) return first.pin;
  return digest(...files.map(({ path, pin }) => utf8ToBytes(`${path} ${pin ?? ''}\n`)));
}

/** What to do where the file at an address is not the one that was confirmed. */
export const CHANGED =
  'It was changed on its host since. Remove the model here, and look its address up again to have the one that is there now.';

/** Throws `digest-mismatch` where a file that is here is not the one that was confirmed. */
export async function checkPin(file: RandomAccessFile, expected: string, signal?: AbortSignal): Promise<void> {
  if ((await pinOf(file, signal)) === expected || (await headPin(file, signal)) === expected) return;
  throw new VitrineError('digest-mismatch', `${file.name} is not the file that was confirmed`, { hint: CHANGED });
}
