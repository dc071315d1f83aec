import * as v from 'valibot';
import { VitrineError } from '../../core/protocol/errors.ts';
import { isHubHost } from '../../core/files/hub.ts';
import { hubModelSchema } from '../../core/files/hub-schema.ts';
import { QUANTIZATIONS } from '../../core/model-config.ts';
import type { Files, Hello, Hub, Load, Priority, Release, RunId } from '../../core/protocol/messages.ts';

/** A `run` whose spec has not been looked at. */
export interface RunRequest {
  readonly type: 'run';
  readonly id: RunId;
  readonly spec: unknown;
  readonly slot?: string | undefined;
  readonly priority: Priority;
}
/** `invalid`: it has an id, so it can be answered, but is not a request. */
export type Incoming =
  | Hello
  | Load
  | Release
  | RunRequest
  | Hub
  | Files
  | { readonly type: 'cancel'; readonly id: string }
  | { readonly type: 'invalid'; readonly id: string; readonly error: VitrineError };

// Ids that begin with a control character are the host's own.
const id = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(200),
  v.check((s) => s.charCodeAt(0) >= 32, 'not an id'),
);
const text = v.pipe(v.string(), v.maxLength(4_000));
const name = v.pipe(v.string(), v.minLength(1), v.maxLength(400));

const quantization = v.picklist(QUANTIZATIONS);

const request = v.variant('type', [
  v.object({
    type: v.literal('hello'),
    id,
    protocol: v.number(),
    backend: v.picklist(['auto', 'webgpu', 'wasm', 'cpu']),
    base: text,
    commit: text,
  }),
  v.object({
    type: v.literal('load'),
    id,
    model: name,
    quantization: v.optional(quantization),
    saes: v.optional(v.pipe(v.array(name), v.maxLength(64))),
  }),
  v.object({
    type: v.literal('run'),
    id,
    spec: v.unknown(),
    slot: v.optional(name),
    priority: v.picklist(['interactive', 'background']),
  }),
  v.object({ type: v.literal('cancel'), id }),
  v.object({
    type: v.literal('hub'),
    id,
    host: v.pipe(text, v.check(isHubHost, 'not the Hub')),
    token: v.nullable(text),
    models: v.pipe(v.array(hubModelSchema), v.maxLength(1_000)),
  }),
  v.object({
    type: v.literal('files'),
    id,
    model: v.pipe(name, v.startsWith('local:')),
    files: v.pipe(v.array(v.object({ name, blob: v.instance(Blob) })), v.maxLength(1_000)),
    quantization: v.optional(quantization),
  }),
  v.object({ type: v.literal('release'), id, target: v.optional(name) }),
]);
const identified = v.object({ id });

/** Reads a message that may be anything. null: it has no id that an answer could name, so it is dropped. */
export function parseRequest(message: unknown): Incoming | null {
  const parsed = v.safeParse(request, message, { abortEarly: true });
  if (parsed.success) return parsed.output as Incoming;
  const known = v.safeParse(identified, message);
  if (!known.success) return null;
  const [issue] = parsed.issues;
  const error = new VitrineError('protocol-mismatch', `not a request: ${v.getDotPath(issue) ?? 'message'}: ${issue.message}`);
  return { type: 'invalid', id: known.output.id, error };
}
