/** What each way of running the model in a page is asked for, and what it answers. */
export interface PeerTask {
  readonly threads: number;
  readonly prompt: readonly number[];
  /** The same as text, for those that take no ids. */
  readonly text: string;
  /** After the first one. */
  readonly newTokens: number;
  /** After one that warms up. */
  readonly rounds: number;
  /** The GGUF file, or the folder of the ONNX files. */
  readonly model: string;
  /** Folder of installed packages; not for our own engine. */
  readonly packages: string;
  /** Of the ONNX files: transformers.js' name of a precision. */
  readonly precision?: string;
}

export interface PeerMeasured {
  /** The best of the rounds: from the prompt to the first token, and the rate of those after it. */
  readonly prefillMs: number;
  readonly tokensPerSecond: number;
  /** All of them, greedy. */
  readonly tokens: readonly number[];
}

/** @param at of each new token, milliseconds since the prompt was given */
export function timesOf(at: readonly number[]): Pick<PeerMeasured, 'prefillMs' | 'tokensPerSecond'> {
  const [first = NaN] = at;
  return { prefillMs: first, tokensPerSecond: ((at.length - 1) / ((at.at(-1) ?? NaN) - first)) * 1e3 };
}

/** The best of some rounds after one that warms up. @param once gives the times of one round */
export async function bestOf(
  rounds: number,
  once: () => Promise<Pick<PeerMeasured, 'prefillMs' | 'tokensPerSecond'>>,
): Promise<Pick<PeerMeasured, 'prefillMs' | 'tokensPerSecond'>> {
  await once();
  let [prefillMs, tokensPerSecond] = [Infinity, 0];
  for (let round = 0; round < rounds; round++) {
    const times = await once();
    prefillMs = Math.min(prefillMs, times.prefillMs);
    tokensPerSecond = Math.max(tokensPerSecond, times.tokensPerSecond);
  }
  return { prefillMs, tokensPerSecond };
}

export async function blobOf(url: string): Promise<Blob> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return response.blob();
}
