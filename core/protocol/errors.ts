import type { JsonValue } from '../spec/json.ts';

interface ErrorInfo {
  readonly title: string;
  /** What the reader can do next. */
  readonly next: string;
  readonly retryable: boolean;
}

/** Every way in which something can fail. A closed list: the interface has a sentence for each. */
export type ErrorCode =
  | 'bad-link'
  | 'bad-spec'
  | 'unknown-lab'
  | 'unknown-model'
  | 'unknown-sae'
  | 'unknown-hook'
  | 'bad-intervention'
  | 'prompt-too-long'
  | 'prompt-empty'
  | 'network'
  | 'not-found'
  | 'digest-mismatch'
  | 'truncated'
  | 'bad-file'
  | 'unsupported-file'
  | 'hub-gated'
  | 'hub-not-found'
  | 'hub-busy'
  | 'host-not-allowed'
  | 'not-confirmed'
  | 'storage-full'
  | 'no-storage'
  | 'no-webgpu'
  | 'backend-failed'
  | 'device-lost'
  | 'out-of-memory'
  | 'too-large-for-device'
  | 'worker-died'
  | 'protocol-mismatch'
  | 'busy'
  | 'internal';

export const ERRORS: Readonly<Record<ErrorCode, ErrorInfo>> = {
  'bad-link': {
    title: 'This link cannot be read',
    next: 'Ask for it again, or open the lab and set it up by hand.',
    retryable: false,
  },
  'bad-spec': {
    title: 'This experiment is not complete or not valid',
    next: 'See the field named below, correct it, and run again.',
    retryable: false,
  },
  'unknown-lab': { title: 'There is no such lab', next: 'Pick one from the start page.', retryable: false },
  'unknown-model': { title: 'This model is not in the catalogue', next: 'Pick one on the models page.', retryable: false },
  'unknown-sae': {
    title: 'This dictionary is not in the catalogue',
    next: 'Pick one of the model’s dictionaries.',
    retryable: false,
  },
  'unknown-hook': {
    title: 'The model has no such hook',
    next: 'Pick a hook from the list; names are TransformerLens’.',
    retryable: false,
  },
  'bad-intervention': {
    title: 'This edit does not fit the model',
    next: 'Check its hook, heads and positions.',
    retryable: false,
  },
  'prompt-too-long': { title: 'The prompt is longer than the model’s context', next: 'Shorten it.', retryable: false },
  'prompt-empty': { title: 'There is no prompt', next: 'Type one, or pick an example.', retryable: false },
  network: {
    title: 'The network did not answer',
    next: 'Check the connection and try again; what was loaded stays usable.',
    retryable: true,
  },
  'not-found': {
    title: 'A file is not where it should be',
    next: 'Reload the page; if it stays away, the site is incomplete.',
    retryable: true,
  },
  'digest-mismatch': {
    title: 'A file is not the one the manifest lists',
    next: 'Try again; if it stays so, the copy on the server is damaged.',
    retryable: true,
  },
  truncated: {
    title: 'A file ended too early',
    next: 'Try again; the download was cut off or the file is damaged.',
    retryable: true,
  },
  'bad-file': { title: 'A file is damaged or not what it says', next: 'Get it again from its source.', retryable: false },
  'unsupported-file': {
    title: 'This kind of file is not supported',
    next: 'See the models page for what can be opened.',
    retryable: false,
  },
  'hub-gated': {
    title: 'This repository is not open to everyone',
    next: 'Accept its terms on huggingface.co, then give a token of your account on the models page.',
    retryable: true,
  },
  'hub-not-found': {
    title: 'The Hub has no such repository',
    next: 'Check the spelling, owner/name; private ones need a token.',
    retryable: false,
  },
  'hub-busy': {
    title: 'The host asks to wait',
    next: 'Too many requests were made from this address. Try again later; what is here already stays.',
    retryable: true,
  },
  'host-not-allowed': {
    title: 'This page may not ask that host',
    next: 'Download the file by hand and drop it on the models page; whoever runs this site can allow the host (MODEL_HOSTS, when it is built).',
    retryable: false,
  },
  'not-confirmed': {
    title: 'This model is not on this device',
    next: 'See what would be downloaded, and confirm it, on the models page.',
    retryable: false,
  },
  'storage-full': {
    title: 'The browser’s storage is full',
    next: 'Free space on the models page; everything else keeps working.',
    retryable: true,
  },
  'no-storage': {
    title: 'This browser stores nothing for this page',
    next: 'Save what you want to keep as a file; everything else works, until the tab is closed.',
    retryable: true,
  },
  'no-webgpu': { title: 'This browser has no WebGPU', next: 'Use the WASM backend, or a browser with WebGPU.', retryable: false },
  'backend-failed': { title: 'The backend could not start', next: 'Switch the backend in the model sheet.', retryable: true },
  'device-lost': {
    title: 'The graphics device was lost',
    next: 'Run again, or switch to WASM in the model sheet.',
    retryable: true,
  },
  'out-of-memory': {
    title: 'There is not enough memory',
    next: 'Use a shorter prompt or a smaller model, or close other tabs.',
    retryable: true,
  },
  'too-large-for-device': {
    title: 'This model does not fit this device',
    next: 'Pick a smaller one; the models page says what fits.',
    retryable: false,
  },
  'worker-died': { title: 'The engine stopped', next: 'Run once more: the engine is started again for it.', retryable: true },
  'protocol-mismatch': { title: 'The page and its engine are of different versions', next: 'Reload the page.', retryable: false },
  busy: { title: 'Too many runs are waiting', next: 'Wait for one to end, or stop it.', retryable: true },
  internal: {
    title: 'Something went wrong inside',
    next: 'Try again. If it happens again, copy the details into a report.',
    retryable: true,
  },
};

export const ERROR_CODES: readonly ErrorCode[] = Object.keys(ERRORS) as ErrorCode[];

/** An error as it crosses the worker boundary and as the command line prints it. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly retryable: boolean;
  readonly detail?: JsonValue;
}

/** An error with a code. Everything thrown on purpose is one of these; anything else becomes `internal`. */
export class VitrineError extends Error {
  override readonly name = 'VitrineError';
  readonly code: ErrorCode;
  readonly detail: JsonValue | undefined;
  /** What the reader can do next, where it is more than what the code alone says. */
  readonly hint: string | undefined;
  constructor(code: ErrorCode, message: string, options: { hint?: string; detail?: JsonValue; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.detail = options.detail;
    this.hint = options.hint;
  }
}

/** Thrown by `checkpoint` in a run that was cancelled. Not an error: it ends in `cancelled`, never in `failed`. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
  constructor() {
    super('cancelled');
  }
}

export function toWireError(error: unknown): WireError {
  const code = error instanceof VitrineError ? error.code : 'internal';
  const message = error instanceof Error ? error.message : String(error);
  const detail = error instanceof VitrineError ? error.detail : error instanceof Error ? (error.stack ?? null) : null;
  return {
    code,
    message,
    hint: (error instanceof VitrineError ? error.hint : undefined) ?? ERRORS[code].next,
    retryable: ERRORS[code].retryable,
    ...(detail === undefined ? {} : { detail }),
  };
}

export function fromWireError(wire: WireError): VitrineError {
  return new VitrineError(wire.code, wire.message, {
    ...(wire.hint === undefined || wire.hint === ERRORS[wire.code].next ? {} : { hint: wire.hint }),
    ...(wire.detail === undefined ? {} : { detail: wire.detail }),
  });
}
