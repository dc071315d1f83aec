import type { Architecture } from './config.ts';

const LLAMA: Readonly<Record<string, string>> = {
  input_layernorm: 'attn_norm',
  post_attention_layernorm: 'ffn_norm',
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.o_proj': 'attn_output',
  'self_attn.q_norm': 'attn_q_norm',
  'self_attn.k_norm': 'attn_k_norm',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
};
const GEMMA: Readonly<Record<string, string>> = {
  ...LLAMA,
  post_attention_layernorm: 'post_attention_norm',
  pre_feedforward_layernorm: 'ffn_norm',
  post_feedforward_layernorm: 'post_ffw_norm',
};
const FUSED: Readonly<Record<string, string>> = {
  ln_1: 'attn_norm',
  ln_2: 'ffn_norm',
  'attn.c_attn': 'attn_qkv',
  'attn.c_proj': 'attn_output',
  'mlp.c_fc': 'ffn_up',
  'mlp.c_proj': 'ffn_down',
};
const NEOX: Readonly<Record<string, string>> = {
  input_layernorm: 'attn_norm',
  post_attention_layernorm: 'ffn_norm',
  'attention.query_key_value': 'attn_qkv',
  'attention.dense': 'attn_output',
  'mlp.dense_h_to_4h': 'ffn_up',
  'mlp.dense_4h_to_h': 'ffn_down',
};

interface Names {
  /** What stands before the number of a layer. */
  readonly block: string;
  readonly inBlock: Readonly<Record<string, string>>;
  readonly outside: Readonly<Record<string, string>>;
}
const llamaLike = (inBlock: Readonly<Record<string, string>>): Names => ({
  block: 'layers.',
  inBlock,
  outside: { embed_tokens: 'token_embd', norm: 'output_norm', lm_head: 'output' },
});
const NAMES: Readonly<Record<Architecture, Names>> = {
  llama: llamaLike(LLAMA),
  qwen2: llamaLike(LLAMA),
  qwen3: llamaLike(LLAMA),
  gemma2: llamaLike(GEMMA),
  gemma3: llamaLike(GEMMA),
  gpt2: {
    block: 'h.',
    inBlock: FUSED,
    outside: { wte: 'token_embd', wpe: 'position_embd', ln_f: 'output_norm', lm_head: 'output' },
  },
  gptneox: {
    block: 'layers.',
    inBlock: NEOX,
    outside: { embed_in: 'token_embd', final_layer_norm: 'output_norm', embed_out: 'output' },
  },
};

/**
 * GGUF's name of a tensor, or null where it has none.
 * @param name Hugging Face's, without the model's own prefix (`model.`, `transformer.`, `gpt_neox.`)
 */
export function ggufName(architecture: Architecture, name: string): string | null {
  const { block, inBlock, outside } = NAMES[architecture];
  const [, stem = '', kind = ''] = /^(.*)\.(weight|bias)$/.exec(name) ?? [];
  const known = Object.hasOwn(outside, stem) ? outside[stem] : undefined;
  if (known !== undefined) return `${known}.${kind}`;
  const [, layer, part = ''] = stem.startsWith(block) ? (/^(\d+)\.(.*)$/.exec(stem.slice(block.length)) ?? []) : [];
  const found = Object.hasOwn(inBlock, part) ? inBlock[part] : undefined;
  return layer === undefined || found === undefined ? null : `blk.${layer}.${found}.${kind}`;
}
