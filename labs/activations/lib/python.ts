/** What the snippet needs to know. */
export interface SnippetOptions {
  /** Name of the safetensors file. */
  readonly file: string;
  /** A tensor of that file. */
  readonly tensor: string;
  /** Address of the model's folder, ending in `/`. */
  readonly folder: string;
  readonly family: string;
  /** How the bundle's weights are stored. */
  readonly quantization: string;
}

const LOAD = ({ file, tensor }: SnippetOptions): string => `# pip install safetensors torch transformers transformer-lens
import json
import torch
from safetensors import safe_open

with safe_open(${JSON.stringify(file)}, framework="pt") as f:
    prompts = json.loads(f.metadata()["tokens"])  # token ids, BOS included
    ours = {name: f.get_tensor(name) for name in f.keys()}
print(ours[${JSON.stringify(tensor)}].shape)
`;

const GPT2 = ({ folder }: SnippetOptions): string => `
# The same weights in transformers: int8 with one scale per 32, dequantized.
from urllib.request import urlopen
from safetensors.torch import load
from transformers import GPT2Config, GPT2LMHeadModel

folder = ${JSON.stringify(folder)}
config = json.loads(urlopen(folder + "config.json").read())
hf = GPT2LMHeadModel(GPT2Config(**{k: v for k, v in config.items() if k not in ("architectures", "model_type", "torch_dtype")}))
bundle = load(urlopen(folder + "model.int8.safetensors").read())
state = {}
for name, t in bundle.items():
    if name.endswith(".q8"):
        name, (n, k) = name[:-3], t.shape
        w = (t.float().reshape(n, k // 32, 32) * bundle[name + ".scale"][..., None]).reshape(n, k)
        state[name] = w if name.startswith("wte") else w.T.contiguous()  # GPT-2 stores its own as [in, out]
    elif not name.endswith(".scale"):
        state[name] = t
hf.transformer.load_state_dict(state)
hf.tie_weights()
hf.eval()
`;

const CHECKPOINT = `
# The same weights in transformers: the folder of the checkpoint.
from transformers import AutoModelForCausalLM

hf = AutoModelForCausalLM.from_pretrained("checkpoint", torch_dtype=torch.float32).eval()
`;

const LENS = `
# TransformerLens without weight processing: no folded norms, no centring.
from transformer_lens import HookedTransformer, HookedTransformerConfig
from transformer_lens.pretrained.weight_conversions import convert_gpt2_weights

c = hf.config
cfg = HookedTransformerConfig(n_layers=c.n_layer, d_model=c.n_embd, n_heads=c.n_head, d_head=c.n_embd // c.n_head,
                              d_mlp=c.n_inner or 4 * c.n_embd, n_ctx=c.n_positions, d_vocab=c.vocab_size, act_fn="gelu_new",
                              eps=c.layer_norm_epsilon, normalization_type="LN", default_prepend_bos=False,
                              original_architecture="GPT2LMHeadModel")
tl = HookedTransformer(cfg)
tl.load_and_process_state_dict(convert_gpt2_weights(hf, cfg), fold_ln=False, center_writing_weights=False,
                               center_unembed=False, fold_value_biases=False)
tl.eval()
`;

const COMPARE = `
with torch.no_grad():
    for i, ids in enumerate(prompts):
        logits, cache = tl.run_with_cache(torch.tensor([ids]))
        theirs = {"logits": logits, **cache}
        for name, a in ours.items():
            hook = name.removeprefix(f"prompt{i}/")
            if hook not in theirs or (len(prompts) > 1 and hook == name):
                continue
            b = theirs[hook][0]
            seen = torch.isfinite(b)  # masked scores are -inf
            off = (a[seen] - b[seen]).abs().max() / b[seen].abs().max()
            print(f"{name:48} {tuple(a.shape)!s:20} off by at most {off:.1e} of the largest value")
`;

/** Python that loads the file, and compares it with what TransformerLens computes from the same weights. */
export function pythonSnippet(options: SnippetOptions): string {
  const known = options.family === 'gpt2' && options.quantization === 'int8';
  return known ? [LOAD(options), GPT2(options), LENS, COMPARE].join('') : [LOAD(options), CHECKPOINT, COMPARE_HF].join('');
}

/** For other families: residual streams only, which transformers itself returns. */
const COMPARE_HF = `
with torch.no_grad():
    for i, ids in enumerate(prompts):
        states = hf(torch.tensor([ids]), output_hidden_states=True).hidden_states
        for layer, b in enumerate(states[:-1]):  # the last one is after the final norm
            name = (f"prompt{i}/" if len(prompts) > 1 else "") + f"blocks.{layer}.hook_resid_pre"
            if name in ours:
                print(name, (ours[name] - b[0]).abs().max() / b[0].abs().max())
`;
