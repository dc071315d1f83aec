import { tensorData } from '../../../core/protocol/wire-tensor.ts';
import type { Lens } from '../result.ts';

export interface LensReader {
  readonly layers: number;
  readonly positions: number;
  /** Tokens of a cell, most probable first. */
  readonly ranked: (layer: number, position: number) => { readonly id: number; readonly probability: number }[];
  /** Rank (0 = top) in that layer of the model's final answer at that position. */
  readonly finalRank: (layer: number, position: number) => number;
  /** The first layer from which on the final answer stays on top. */
  readonly firstTop: (position: number) => number;
}

export function lensReader(lens: Lens): LensReader {
  const ids = tensorData(lens.ids);
  const logProbs = tensorData(lens.logProbs);
  const ranks = tensorData(lens.finalRank);
  const [layers = 0, positions = 0, width = 0] = lens.ids.shape;
  const finalRank = (layer: number, position: number): number => ranks[layer * positions + position] ?? 0;
  return {
    layers,
    positions,
    ranked: (layer, position) => {
      const from = (layer * positions + position) * width;
      return Array.from({ length: width }, (_, i) => ({
        id: ids[from + i] ?? 0,
        probability: Math.exp(logProbs[from + i] ?? -Infinity),
      }));
    },
    finalRank,
    firstTop: (position) => {
      let layer = layers - 1;
      while (layer > 0 && finalRank(layer - 1, position) === 0) layer--;
      return layer;
    },
  };
}
