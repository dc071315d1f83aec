"""transformers with a tap at every hook of core/hooks.ts, by PyTorch hooks on its modules; and TransformerLens with the same interface.

A tap is `tap(name, value) -> value`: it may keep the value, edit it, or add a probe whose gradient is wanted. Axes are TransformerLens'.
`requested` holds the on-request hooks that should be computed apart (split q/k/v input, result, mlp_in).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, PreTrainedModel
from transformers.masking_utils import AttentionMaskInterface, eager_mask
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

Tap = Callable[[str, Tensor], Tensor]
SPLIT = ("hook_q_input", "hook_k_input", "hook_v_input")
ON_REQUEST = (*SPLIT, "attn.hook_result", "hook_mlp_in")


def hook_names(config) -> list[str]:
    """All hooks in forward order, those on request too."""
    llama = config.model_type == "llama"
    rot = ["attn.hook_rot_q", "attn.hook_rot_k"] if llama else []
    linear = ["mlp.hook_pre_linear"] if llama else []
    block = ["hook_resid_pre", *SPLIT, "ln1.hook_scale", "ln1.hook_normalized", "attn.hook_q", "attn.hook_k", "attn.hook_v", *rot, "attn.hook_attn_scores",
             "attn.hook_pattern", "attn.hook_z", "attn.hook_result", "hook_attn_out", "hook_resid_mid", "hook_mlp_in", "ln2.hook_scale",
             "ln2.hook_normalized", "mlp.hook_pre", *linear, "mlp.hook_post", "hook_mlp_out", "hook_resid_post"]
    return ["hook_embed", *([] if llama else ["hook_pos_embed"]), *(f"blocks.{i}.{n}" for i in range(config.num_hidden_layers) for n in block),
            "ln_final.hook_scale", "ln_final.hook_normalized"]


def pad(rows: list[list[int]]) -> tuple[Tensor, Tensor]:
    """Right-padded ids and the mask of real tokens."""
    width = max(map(len, rows))
    ids = torch.tensor([r + [0] * (width - len(r)) for r in rows])
    mask = torch.tensor([[1] * len(r) + [0] * (width - len(r)) for r in rows])
    return ids, mask


def tapped_attention(module, query, key, value, attention_mask, scaling=None, dropout=0.0, **_):
    """Eager attention of transformers with taps; a query without any key attends to nothing, as in TransformerLens."""
    tap: Tap = module.vitrine_tap
    if module.vitrine_rotary:
        query = tap("attn.hook_rot_q", query.transpose(1, 2)).transpose(1, 2)
        key = tap("attn.hook_rot_k", key.transpose(1, 2)).transpose(1, 2)
    group = query.shape[1] // key.shape[1]
    scores = query @ key.repeat_interleave(group, 1).transpose(2, 3) * scaling
    allowed = attention_mask[..., : key.shape[2]] == 0
    scores = tap("attn.hook_attn_scores", scores.masked_fill(~allowed, float("-inf")))
    pattern = tap("attn.hook_pattern", torch.nan_to_num(scores.softmax(-1)))
    z = tap("attn.hook_z", (pattern @ value.repeat_interleave(group, 1)).transpose(1, 2))
    return z, pattern


ALL_ATTENTION_FUNCTIONS.register("vitrine", tapped_attention)
AttentionMaskInterface.register("vitrine", eager_mask)


class Oracle:
    """A transformers checkpoint (gpt2 or llama)."""

    def __init__(self, hf: PreTrainedModel):
        self.hf, self.config = hf.eval(), hf.config
        self.hf.set_attn_implementation("vitrine")
        self.llama = self.config.model_type == "llama"

    @staticmethod
    def load(folder) -> "Oracle":
        return Oracle(AutoModelForCausalLM.from_pretrained(str(folder), dtype=torch.float32))

    def native(self, rows: list[list[int]]) -> Tensor:
        """Logits of transformers' own code, without a single hook of ours."""
        ids, mask = pad(rows)
        self.hf.set_attn_implementation("eager")
        try:
            with torch.no_grad():
                return self.hf(ids, attention_mask=mask, use_cache=False).logits
        finally:
            self.hf.set_attn_implementation("vitrine")

    def run(self, rows: list[list[int]], tap: Tap, requested: frozenset[str] = frozenset()) -> Tensor:
        ids, mask = pad(rows)
        positions = torch.arange(ids.shape[1]).expand_as(ids)
        handles = []
        try:
            self._attach(tap, requested, handles)
            return self.hf(ids, attention_mask=mask, position_ids=positions, use_cache=False).logits
        finally:
            for h in handles:
                h.remove()

    def _attach(self, tap: Tap, requested: frozenset[str], handles: list) -> None:
        out = lambda m, f: handles.append(m.register_forward_hook(lambda _m, _a, y: f(y)))  # noqa: E731
        first = lambda m, f: handles.append(m.register_forward_pre_hook(lambda _m, a: (f(a[0]), *a[1:])))  # noqa: E731
        body = self.hf.model if self.llama else self.hf.transformer
        out(body.embed_tokens if self.llama else body.wte, lambda y: tap("hook_embed", y))
        if not self.llama:
            out(body.wpe, lambda y: tap("hook_pos_embed", y))
        for i, block in enumerate(body.layers if self.llama else body.h):
            self._attach_block(block, lambda n, v, i=i: tap(f"blocks.{i}.{n}", v), {n.split(".", 2)[2] for n in requested if n.startswith(f"blocks.{i}.")}, handles, out, first)
        self._norm(body.norm if self.llama else body.ln_f, "ln_final", tap, handles)

    def _norm(self, m: nn.Module, name: str, tap: Tap, handles: list) -> None:
        """hook_scale is sqrt(mean x^2 + eps) after centring (LayerNorm), hook_normalized is before gain and bias."""
        def f(_m, args, _y):
            x = args[0]
            x = x if self.llama else x - x.mean(-1, keepdim=True)
            scale = tap(f"{name}.hook_scale", (x.pow(2).mean(-1, keepdim=True) + (m.variance_epsilon if self.llama else m.eps)).sqrt())
            y = tap(f"{name}.hook_normalized", x / scale) * m.weight
            return y if self.llama else y + m.bias
        handles.append(m.register_forward_hook(f))

    def _attach_block(self, block, tap: Tap, requested: set[str], handles: list, out, first) -> None:
        attn = block.self_attn if self.llama else block.attn
        ln1, ln2 = (block.input_layernorm, block.post_attention_layernorm) if self.llama else (block.ln_1, block.ln_2)
        mlp, state = block.mlp, {}
        attn.vitrine_tap, attn.vitrine_rotary = tap, self.llama
        heads, dh = self.config.num_attention_heads, attn.head_dim

        def pre(x):
            state["pre"] = tap("hook_resid_pre", x)
            return state["pre"]
        first(block, pre)
        self._norm(ln1, "ln1", tap, handles)

        def projected(y, module, name, n, columns=slice(None)):
            """One of q, k, v: [b, t, n, dh], from its own copy of the residual stream per head where that is asked for."""
            if f"hook_{name}_input" in requested:
                copies = tap(f"hook_{name}_input", state["pre"][:, :, None].expand(-1, -1, n, -1).clone())
                x = copies if self.llama else copies - copies.mean(-1, keepdim=True)
                x = x / (x.pow(2).mean(-1, keepdim=True) + (ln1.variance_epsilon if self.llama else ln1.eps)).sqrt() * ln1.weight
                w, b = (module.weight.t(), None) if self.llama else (module.weight[:, columns], module.bias[columns])
                x = x if self.llama else x + ln1.bias
                y = torch.einsum("bthd,dhe->bthe", x, w.reshape(w.shape[0], n, dh)) + (0 if b is None else b.reshape(n, dh))
            return tap(f"attn.hook_{name}", y.reshape(*y.shape[:2], n, dh)).flatten(2)

        if self.llama:
            kv = self.config.num_key_value_heads
            out(attn.q_proj, lambda y: projected(y, attn.q_proj, "q", heads))
            out(attn.k_proj, lambda y: projected(y, attn.k_proj, "k", kv))
            out(attn.v_proj, lambda y: projected(y, attn.v_proj, "v", kv))
        else:
            d = heads * dh
            out(attn.c_attn, lambda y: torch.cat([projected(y[..., j * d:(j + 1) * d], attn.c_attn, n, heads, slice(j * d, (j + 1) * d))
                                                  for j, n in enumerate("qkv")], -1))
        o = attn.o_proj if self.llama else attn.c_proj
        if "attn.hook_result" in requested:
            def results(_m, args, _y):
                w = o.weight.t() if self.llama else o.weight  # [heads * dh, d]
                r = torch.einsum("bthe,hed->bthd", args[0].unflatten(-1, (heads, dh)), w.reshape(heads, dh, -1))
                y = tap("attn.hook_result", r).sum(2)
                return y if self.llama else y + o.bias
            handles.append(o.register_forward_hook(results))

        def attention(y):
            a = tap("hook_attn_out", y[0])
            mid = state["pre"] + a
            edited = tap("hook_resid_mid", mid)
            # transformers adds the residual outside of any module, so an edit of the sum goes through its one free summand.
            return (a if edited is mid else edited - state["pre"], *y[1:])
        out(attn, attention)
        if "hook_mlp_in" in requested:
            first(ln2, lambda x: tap("hook_mlp_in", x))
        self._norm(ln2, "ln2", tap, handles)
        out(mlp.gate_proj if self.llama else mlp.c_fc, lambda y: tap("mlp.hook_pre", y))
        if self.llama:
            out(mlp.up_proj, lambda y: tap("mlp.hook_pre_linear", y))
        first(mlp.down_proj if self.llama else mlp.c_proj, lambda x: tap("mlp.hook_post", x))
        out(mlp, lambda y: tap("hook_mlp_out", y))
        out(block, lambda y: tap("hook_resid_post", y))


class Lens:
    """The same weights in TransformerLens, no weight processing."""

    def __init__(self, hf: PreTrainedModel, dtype: torch.dtype = torch.float32):
        from transformer_lens import HookedTransformer, HookedTransformerConfig
        from transformer_lens.pretrained.weight_conversions.gpt2 import convert_gpt2_weights
        from transformer_lens.pretrained.weight_conversions.llama import convert_llama_weights

        c = hf.config
        self.llama, self.config = c.model_type == "llama", c
        heads = c.num_attention_heads
        dh = getattr(c, "head_dim", None) or c.hidden_size // heads
        shape = dict(n_layers=c.num_hidden_layers, d_model=c.hidden_size, d_head=dh, n_heads=heads, d_vocab=c.vocab_size, n_ctx=c.max_position_embeddings,
                     default_prepend_bos=False, device="cpu", dtype=dtype)
        if self.llama:
            cfg = HookedTransformerConfig(**shape, d_mlp=c.intermediate_size, act_fn="silu", eps=c.rms_norm_eps, normalization_type="RMS", gated_mlp=True,
                                          positional_embedding_type="rotary", rotary_dim=dh, rotary_base=int(c.rope_parameters["rope_theta"]), rotary_adjacent_pairs=False,
                                          final_rms=True, n_key_value_heads=c.num_key_value_heads, original_architecture="LlamaForCausalLM")
        else:
            cfg = HookedTransformerConfig(**shape, d_mlp=c.n_inner or 4 * c.n_embd, act_fn="gelu_new", eps=c.layer_norm_epsilon, normalization_type="LN",
                                          original_architecture="GPT2LMHeadModel")
        self.model = HookedTransformer(cfg)
        state = (convert_llama_weights if self.llama else convert_gpt2_weights)(hf, cfg)
        self.model.load_and_process_state_dict({k: v.detach().to(dtype) for k, v in state.items()}, fold_ln=False, center_writing_weights=False,
                                               center_unembed=False, fold_value_biases=False, refactor_factored_attn_matrices=False)
        self.model.eval()

    def run(self, rows: list[list[int]], tap: Tap, requested: frozenset[str] = frozenset()) -> Tensor:
        ids, mask = pad(rows)

        def any_of(*names: str) -> bool:
            return any(r.endswith(names) for r in requested)

        split = any_of(*SPLIT)
        self.model.set_use_split_qkv_input(split)
        self.model.set_use_attn_result(any_of("attn.hook_result"))
        self.model.set_use_hook_mlp_in(any_of("hook_mlp_in"))
        skip = ("ln1.hook_scale", "ln1.hook_normalized") if split else ()
        hooks = [(n, lambda v, hook: tap(hook.name, v)) for n in hook_names(self.config) if not n.endswith(skip or ("\0",)) and (not n.endswith(ON_REQUEST) or n in requested)]
        return self.model.run_with_hooks(ids, attention_mask=mask, fwd_hooks=hooks, return_type="logits", prepend_bos=False)


def captured(model: Oracle | Lens, rows: list[list[int]], requested: frozenset[str] = frozenset()) -> tuple[Tensor, dict[str, Tensor]]:
    """Logits, and the value at every hook."""
    kept: dict[str, Tensor] = {}

    def keep(name: str, v: Tensor) -> Tensor:
        # TransformerLens normalizes the input of q, k and v apart, three times the same value.
        assert name not in kept or (isinstance(model, Lens) and ".ln1." in name and torch.equal(kept[name], v)), f"{name} fired twice"
        kept[name] = v.detach().clone()
        return v
    with torch.no_grad():
        return model.run(rows, keep, requested), kept
