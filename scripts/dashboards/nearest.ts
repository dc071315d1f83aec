import { nearestOf, type UnitRows } from '../../core/dashboards/directions.ts';
import type { CosineRecord } from '../../core/dashboards/record.ts';
import { unitDirections } from '../../labs/feature-dashboard/lib/directions.ts';
import type { RunContext, Sae } from '../../workers/api.ts';

/** Features whose cosines are computed in one matmul. */
const ROWS = 128;
/** Rounding of a float32 cosine of unit vectors stays far below this. */
const SLACK = 1e-4;

/** Directions of dictionaries in the residual stream; those that do not write into it are left out. */
export async function writtenDirections(ctx: RunContext, saes: readonly Sae[]): Promise<UnitRows[]> {
  const found: UnitRows[] = [];
  for (const sae of saes) {
    const rows = await unitDirections(ctx, sae, 'written');
    if (rows) found.push(rows);
  }
  return found;
}

/**
 * For each feature, the nearest one of each other dictionary. A float32 matmul finds the candidates, float64 decides among
 * those within its rounding. @returns [feature], empty lists where the dictionary does not write into the residual stream
 */
export async function nearestElsewhere(ctx: RunContext, sae: Sae, all: readonly UnitRows[]): Promise<CosineRecord[][]> {
  const { tf } = ctx;
  const own = all.find((rows) => rows.sae === sae.id);
  const found: CosineRecord[][] = Array.from({ length: sae.dSae }, () => []);
  if (!own) return found;
  const mine = tf.tensor2d(Float32Array.from(own.data), [own.n, own.width]);
  for (const other of all) {
    if (other.sae === sae.id || other.n === 0) continue;
    const theirs = tf.tensor2d(Float32Array.from(other.data), [other.n, other.width]);
    for (let from = 0; from < own.n; from += ROWS) {
      await ctx.checkpoint();
      const count = Math.min(ROWS, own.n - from);
      const product = tf.tidy(() => tf.matMul(tf.slice(mine, [from, 0], [count, own.width]), theirs, false, true));
      const [cosines] = await ctx.read([product]);
      product.dispose();
      if (!cosines) continue;
      for (let r = 0; r < count; r++) {
        const row = cosines.subarray(r * other.n, (r + 1) * other.n);
        let max = -Infinity;
        for (const c of row) if (c > max) max = c;
        const candidates: number[] = [];
        for (let f = 0; f < row.length; f++) if ((row[f] ?? 0) >= max - SLACK) candidates.push(f);
        found[from + r]?.push(nearestOf(own, from + r, other, candidates));
      }
    }
    theirs.dispose();
  }
  mine.dispose();
  return found;
}
