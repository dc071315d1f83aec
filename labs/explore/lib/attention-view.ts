import { tensorData } from '../../../core/protocol/wire-tensor.ts';
import type { Attention } from '../result.ts';

export interface Head {
  readonly layer: number;
  readonly head: number;
}

/** Reads the maps of all heads: weight of each key for each query. */
export interface AttentionReader {
  readonly layers: number;
  readonly heads: number;
  readonly positions: number;
  /** The largest number of any head; the shared scale of all of them. */
  readonly max: number;
  /** NaN for keys after the query, which the model never sees. */
  readonly at: (head: Head, query: number, key: number) => number;
}

export function attentionReader(attention: Attention, which: 'pattern' | 'valueWeighted'): AttentionReader {
  const tensor = attention[which];
  const data = tensorData(tensor);
  const [layers = 0, heads = 0, positions = 0] = tensor.shape;
  let max = 0;
  for (const x of data) if (x > max) max = x;
  return {
    layers,
    heads,
    positions,
    max: which === 'pattern' ? 1 : max,
    at: ({ layer, head }, query, key) =>
      key > query ? NaN : (data[((layer * heads + head) * positions + query) * positions + key] ?? NaN),
  };
}

/** Keys that a query reads most, strongest first. */
export function strongestKeys(
  reader: AttentionReader,
  head: Head,
  query: number,
  most: number,
): { readonly key: number; readonly weight: number }[] {
  return Array.from({ length: query + 1 }, (_, key) => ({ key, weight: reader.at(head, query, key) }))
    .sort((a, b) => b.weight - a.weight || a.key - b.key)
    .slice(0, most);
}

/** The head that looks hardest from a query at a token that is neither the first nor the query itself: where to begin. */
export function tellingHead(reader: AttentionReader, query: number): Head {
  let best: Head = { layer: 0, head: 0 };
  let most = -1;
  for (let layer = 0; layer < reader.layers; layer++)
    for (let head = 0; head < reader.heads; head++)
      for (let key = 1; key < query; key++) {
        const weight = reader.at({ layer, head }, query, key);
        if (weight > most) {
          most = weight;
          best = { layer, head };
        }
      }
  return best;
}
