import { parseHook } from '../../../core/hooks.ts';
import type { FeatureWeights } from '../../../core/dashboards/types.ts';
import { alignment, cosine, headShares } from '../../../core/dashboards/weights.ts';
import { wireTensor } from '../../../core/protocol/wire-tensor.ts';
import type { RunContext, Sae } from '../../../workers/api.ts';

/** See `FeatureWeights`. */
export async function featureWeights({ read, model }: RunContext, sae: Sae, feature: number): Promise<FeatureWeights> {
  const rows = [sae.decoderRows([feature]), sae.encoderRows([feature])];
  const [decoder = new Float32Array(0), encoder = new Float32Array(0)] = await read(rows);
  for (const row of rows) row.dispose();
  const { nHeads } = model.config;
  return {
    vector: wireTensor(Float32Array.from(decoder), [sae.dIn], ['d_model']),
    encoderCosine: cosine(encoder, decoder),
    alignment: alignment(decoder),
    heads: parseHook(sae.hookName)?.site === 'z' ? wireTensor(headShares(decoder, nHeads), [nHeads], ['head']) : null,
  };
}
