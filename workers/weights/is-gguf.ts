import { VitrineError } from '../../core/protocol/errors.ts';
import type { RandomAccessFile } from './model-files.ts';

/** By what the files begin with, since names may be anything. */
export async function isGguf(weights: readonly RandomAccessFile[], signal?: AbortSignal): Promise<boolean> {
  const magic = await Promise.all(weights.map(async (file) => text(await file.read(0, Math.min(4, file.size), signal))));
  const count = magic.filter((m) => m === 'GGUF').length;
  if (count > 0 && count < weights.length)
    throw new VitrineError('bad-file', 'some of the weights are GGUF files and some are not', {
      hint: 'Give the files of one model only.',
    });
  return count > 0;
}
const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
