import type { BlockNames, CheckpointNames, LinearNames, NormNames, QkvNames } from '../../../core/families/layout.ts';
import type { ModelConfig } from '../../../core/model-config.ts';
import { VitrineError } from '../../../core/protocol/errors.ts';
import type { BlockWeights, Linear, ModelWeights, Norm, WeightLoader } from '../weights.ts';

/** Puts a checkpoint's tensors on the device as canonical weights. What is missing or of another shape throws `bad-file`. */
export async function loadWeights(loader: WeightLoader, names: CheckpointNames, config: ModelConfig): Promise<ModelWeights> {
  const { dModel: d, dVocab, nCtx, nLayers, tiedEmbeddings } = config;
  const embed = await loader.matrix(names.embed, dVocab, d);
  const pos = names.pos === null ? null : await loader.exact(names.pos, nCtx, d);
  const blocks: BlockWeights[] = [];
  for (let layer = 0; layer < nLayers; layer++) blocks.push(await loadBlock(loader, names.block(layer), config));
  return {
    embed,
    pos,
    blocks,
    final: await loadNorm(loader, names.final, d),
    unembed: tiedEmbeddings ? embed : await loader.matrix(names.unembed, dVocab, d),
  };
}

async function loadBlock(loader: WeightLoader, names: BlockNames, config: ModelConfig): Promise<BlockWeights> {
  const { dModel: d, dHead, nHeads, dMlp } = config;
  const maybeNorm = (n: NormNames | null, length: number): Promise<Norm | null> =>
    n ? loadNorm(loader, n, length) : Promise.resolve(null);
  const { in: up, gate, out } = names.mlp;
  return {
    ln1: await loadNorm(loader, names.ln1, d),
    ln2: await loadNorm(loader, names.ln2, d),
    ln1Post: await maybeNorm(names.ln1Post, d),
    ln2Post: await maybeNorm(names.ln2Post, d),
    attn: {
      ...(await loadQkv(loader, names.qkv, config)),
      o: await loadLinear(loader, names.o, d, nHeads * dHead),
      qNorm: await maybeNorm(names.qNorm, dHead),
      kNorm: await maybeNorm(names.kNorm, dHead),
    },
    mlp: {
      in: await loadLinear(loader, up, dMlp, d),
      gate: gate && (await loadLinear(loader, gate, dMlp, d)),
      out: await loadLinear(loader, out, d, dMlp),
    },
  };
}

async function loadQkv(
  loader: WeightLoader,
  names: QkvNames,
  { dModel: d, dHead, nHeads, nKvHeads }: ModelConfig,
): Promise<{ readonly q: Linear; readonly k: Linear; readonly v: Linear }> {
  if (names.kind === 'apart')
    return {
      q: await loadLinear(loader, names.q, nHeads * dHead, d),
      k: await loadLinear(loader, names.k, nKvHeads * dHead, d),
      v: await loadLinear(loader, names.v, nKvHeads * dHead, d),
    };
  const { conv1d = false } = names;
  const [q, k, v] = await loader.split(names.name, names.rows, d, { conv1d, bias: hasBias(loader, names) });
  if (!q || !k || !v) throw new VitrineError('bad-file', `${names.name} does not hold q, k and v`);
  return { q, k, v };
}

const hasBias = (loader: WeightLoader, { name, bias }: LinearNames): boolean =>
  bias === 'maybe' ? loader.has(`${name}.bias`) : bias;

function loadLinear(loader: WeightLoader, names: LinearNames, n: number, k: number): Promise<Linear> {
  return loader.linear(names.name, n, k, { bias: hasBias(loader, names), conv1d: names.conv1d ?? false });
}

function loadNorm(loader: WeightLoader, { name, bias, plus = 0 }: NormNames, length: number): Promise<Norm> {
  return loader.norm(name, length, { bias, plus });
}
