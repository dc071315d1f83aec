import { sparseRows, type SparseRows } from '../../../core/dashboards/columns.ts';
import { parseHook } from '../../../core/hooks.ts';
import type { RunContext, Sae, SparseFeatures } from '../../../workers/api.ts';
import { captured } from './capture.ts';
import { withBos } from './documents.ts';

/** Documents that are sorted by length and run together. Part of the method: numbers may depend on it in their last bits. */
export const SECTION = 256;
/** Tokens of a batch, padding included. */
const BATCH_TOKENS = 512;

/** A token of a document, as it was read: its activation at the dictionary's hook, `x[from …]`, and its active features. */
export interface VisitedToken {
  /** Which dictionary. */
  readonly sae: number;
  readonly x: ArrayLike<number>;
  readonly from: number;
  readonly features: Int32Array;
  readonly values: Float32Array;
}

/**
 * Features of dictionaries on one section of documents, in one forward pass a batch. Every document is a row of its own, BOS
 * in front; BOS itself is left out of what comes back.
 * @param documents token ids without BOS, at most SECTION of them
 * @param visit     is shown every token, in no order that matters
 * @returns for each dictionary, the rows of all tokens in the order of the documents
 */
export async function encodeSection(
  ctx: RunContext,
  saes: readonly Sae[],
  documents: readonly (readonly number[])[],
  visit?: (token: VisitedToken) => void,
): Promise<SparseRows[]> {
  const { tf, model } = ctx;
  const skip = model.tokenizer.bosId === null ? 0 : 1;
  const found = saes.map(() => new Map<number, SparseFeatures>());
  const hooks = [...new Set(saes.map((sae) => sae.hookName))];
  const stopAtLayer = lastLayer(saes) + 1;
  for (const batch of batches(documents, skip)) {
    await ctx.checkpoint();
    const rows = batch.map((d) => withBos(model, documents[d] ?? []));
    const output = await model.runWithHooks(rows, { capture: hooks, logits: 'none', stopAtLayer });
    const length = Math.max(...rows.map((row) => row.length));
    for (const [s, sae] of saes.entries()) {
      const x = tf.reshape(captured(output, sae.hookName), [rows.length * length, sae.dIn]);
      const sparse = await sae.encodeSparse(x);
      const [plain] = visit ? await ctx.read([x]) : [];
      x.dispose();
      for (const [r, d] of batch.entries()) {
        const from = r * length + skip;
        const to = r * length + (rows[r]?.length ?? 0);
        if (visit && plain)
          for (let p = from; p < to; p++) {
            const [features, values] = [sparse.indices[p], sparse.values[p]];
            if (features && values) visit({ sae: s, x: plain, from: p * sae.dIn, features, values });
          }
        found[s]?.set(d, { indices: sparse.indices.slice(from, to), values: sparse.values.slice(from, to) });
      }
    }
    output.dispose();
  }
  return found.map((list) => {
    const inOrder = documents.map((_, d) => list.get(d)).filter((d) => d !== undefined);
    return sparseRows(
      inOrder.flatMap((d) => d.indices),
      inOrder.flatMap((d) => d.values),
    );
  });
}

/** Documents by length, shortest first, as many together as fit; empty ones take no part where there is no BOS. */
function batches(documents: readonly (readonly number[])[], skip: number): number[][] {
  const order = documents
    .map((_, d) => d)
    .filter((d) => (documents[d]?.length ?? 0) > 0)
    .sort((a, b) => (documents[a]?.length ?? 0) - (documents[b]?.length ?? 0) || a - b);
  const out: number[][] = [];
  let current: number[] = [];
  for (const d of order) {
    const length = (documents[d]?.length ?? 0) + skip;
    if (current.length > 0 && (current.length + 1) * length > BATCH_TOKENS) {
      out.push(current);
      current = [];
    }
    current.push(d);
  }
  return current.length > 0 ? [...out, current] : out;
}

/** The last block that must run for these dictionaries. */
export function lastLayer(saes: readonly Sae[]): number {
  return Math.max(...saes.map((sae) => parseHook(sae.hookName)?.layer ?? 0));
}
