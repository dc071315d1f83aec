import { VitrineError } from '../../core/protocol/errors.ts';

/** Milliseconds without an answer, or without a byte of it, after which a host counts as gone. */
export const STALL_MS = 30_000;

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;

/** `fetch` that fails with `network` where a host takes the request and never answers. What it then sends may take as long as it likes. */
export function answersWithin(send: typeof fetch, ms: number = STALL_MS): typeof fetch {
  return async (input, init = {}) => {
    const stop = new AbortController();
    const signal = init.signal ? AbortSignal.any([init.signal, stop.signal]) : stop.signal;
    const timer = setTimeout(() => stop.abort(new VitrineError('network', `the host did not answer for ${seconds(ms)}`)), ms);
    try {
      return await send(input, { ...init, signal });
    } finally {
      clearTimeout(timer);
    }
  };
}

export interface PiecesOptions {
  readonly stallMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The parts of an answer as they come in. Throws `network` where the connection breaks, or nothing comes for `stallMs`. */
export async function* pieces(response: Response, name: string, options: PiecesOptions = {}): AsyncGenerator<Uint8Array> {
  const { stallMs = STALL_MS, signal } = options;
  if (!response.body) {
    yield new Uint8Array(await response.arrayBuffer());
    return;
  }
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await within(reader.read(), stallMs, name).catch((cause: unknown) => {
        if (signal?.aborted === true) throw signal.reason;
        throw cause instanceof VitrineError
          ? cause
          : new VitrineError('network', `the connection to the host of ${name} broke`, { cause });
      });
      if (done) return;
      yield value;
    }
  } finally {
    // Where the consumer stopped early, or nothing comes, the rest need not.
    void reader.cancel().catch(() => {});
  }
}

function within<T>(action: Promise<T>, ms: number, name: string): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new VitrineError('network', `the host of ${name} has sent nothing for ${seconds(ms)}`)),
      ms,
    );
    action.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
