import * as v from 'valibot';
import { QUANTIZATIONS } from '../model-config.ts';
import type { HubFile, HubModel } from './hub.ts';
import { isRemoteId } from './remote.ts';

const digest = v.nullable(v.pipe(v.string(), v.regex(/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/)));
const file: v.GenericSchema<unknown, HubFile> = v.object({
  path: v.pipe(v.string(), v.minLength(1), v.maxLength(400)),
  bytes: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  sha256: digest,
  git: digest,
  pin: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/))),
  etag: v.optional(v.pipe(v.string(), v.maxLength(200))),
});
const files = v.pipe(v.array(file), v.maxLength(1_000));

/** A model that was confirmed, as it was stored or sent. */
export const hubModelSchema: v.GenericSchema<unknown, HubModel> = v.object({
  id: v.pipe(v.string(), v.check(isRemoteId, 'not a model of the Hub or of an address')),
  weights: files,
  others: files,
  quantization: v.optional(v.picklist(QUANTIZATIONS)),
});
