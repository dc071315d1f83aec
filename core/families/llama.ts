import { plainParts, type ModelConfig } from '../model-config.ts';
import { activation, llamaLike, rope } from './config-fields.ts';
import type { FamilyDefinition } from './index.ts';
import type { BlockNames, CheckpointNames, LinearNames, NormNames } from './layout.ts';

/** Llama and SmolLM2: rotary positions, RMSNorm, grouped-query attention, gated MLP. */
export const llama: FamilyDefinition = {
  modelTypes: ['llama'],

  parseConfig(json): ModelConfig {
    const shape = llamaLike(json, { tied: false, eps: 1e-6 });
    return {
      ...plainParts(shape.nLayers),
      ...shape,
      family: 'llama',
      positional: { kind: 'rotary', ...rope(json, 10_000), dims: shape.dHead, local: null },
      mlp: { activation: activation(json, 'hidden_act', 'silu'), gated: true },
      attentionDivisor: Math.sqrt(shape.dHead),
    };
  },

  names: (_config, has) => llamaNames(has),
};

export interface LlamaNamesOptions {
  /** Whether q, k and v have a bias, and o. */
  readonly qkvBias?: LinearNames['bias'];
  readonly oBias?: LinearNames['bias'];
  /** Added to the stored gains of all norms. */
  readonly plus?: number;
  /** What ln1 and ln2 stand beside: Gemma's further norms, and norms of queries and keys. */
  readonly postNorms?: boolean;
  readonly qkNorm?: boolean;
  /** What may stand before `embed_tokens.weight`, tried in order; the last one needs no proof. */
  readonly prefixes?: readonly string[];
}

/** Names of the tensors of Llama and of all that follow it. */
export function llamaNames(has: (tensor: string) => boolean, options: LlamaNamesOptions = {}): CheckpointNames {
  const { qkvBias = 'maybe', oBias = 'maybe', plus = 0, postNorms = false, qkNorm = false, prefixes = ['', 'model.'] } = options;
  const prefix = prefixes.find((p) => has(`${p}embed_tokens.weight`)) ?? prefixes.at(-1) ?? '';
  const norm = (name: string): NormNames => ({ name: prefix + name, bias: false, plus });
  const linear = (name: string, bias: LinearNames['bias']): LinearNames => ({ name: prefix + name, bias });
  return {
    embed: `${prefix}embed_tokens.weight`,
    pos: null,
    final: norm('norm'),
    unembed: 'lm_head.weight',
    block(layer): BlockNames {
      const at = `layers.${layer}`;
      const attention = `${at}.self_attn`;
      return {
        ln1: norm(`${at}.input_layernorm`),
        // Where there are norms after attention and MLP, `post_attention_layernorm` is what its name says.
        ln2: norm(postNorms ? `${at}.pre_feedforward_layernorm` : `${at}.post_attention_layernorm`),
        ln1Post: postNorms ? norm(`${at}.post_attention_layernorm`) : null,
        ln2Post: postNorms ? norm(`${at}.post_feedforward_layernorm`) : null,
        qkv: {
          kind: 'apart',
          q: linear(`${attention}.q_proj`, qkvBias),
          k: linear(`${attention}.k_proj`, qkvBias),
          v: linear(`${attention}.v_proj`, qkvBias),
        },
        o: linear(`${attention}.o_proj`, oBias),
        qNorm: qkNorm ? norm(`${attention}.q_norm`) : null,
        kNorm: qkNorm ? norm(`${attention}.k_norm`) : null,
        mlp: {
          in: linear(`${at}.mlp.up_proj`, 'maybe'),
          gate: linear(`${at}.mlp.gate_proj`, 'maybe'),
          out: linear(`${at}.mlp.down_proj`, 'maybe'),
        },
      };
    },
  };
}
