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

from parts import GATED, ROTARY, Block, NormOf, head_dim, hook_projections, parts_of, projections

Tap = Callable[[str, Tensor], Tensor]
SPLIT = ("hook_q_input", "hook_k_input", "hook_v_input")
# TransformerLens has no `mlp.hook_in` and `mlp.hook_out`; SAELens and circuit-tracer add them.
MLP_ITSELF = ("mlp.hook_in", "mlp.hook_out")
ON_REQUEST = (*SPLIT, "attn.hook_result", "hook_mlp_in")


def hook_names(config) -> list[str]:
    """All hooks in forward order, those on request too."""
    rotary, parallel = config.model_type in ROTARY, getattr(config, "use_parallel_residual", False)
    rot = ["attn.hook_rot_q", "attn.hook_rot_k"] if rotary else []
    linear = ["mlp.hook_pre_linear"] if config.model_type in GATED else []
    block = ["hook_resid_pre", *SPLIT, "ln1.hook_scale", "ln1.hook_normalized", "attn.hook_q", "attn.hook_k", "attn.hook_v", *rot, "attn.hook_attn_scores",
             "attn.hook_pattern", "attn.hook_z", "attn.hook_result", "hook_attn_out", *([] if parallel else ["hook_resid_mid"]), "hook_mlp_in", "ln2.hook_scale",
             "ln2.hook_normalized", "mlp.hook_in", "mlp.hook_pre", *linear, "mlp.hook_post", "mlp.hook_out", "hook_mlp_out", "hook_resid_post"]
    return ["hook_embed", *([] if rotary else ["hook_pos_embed"]), *(f"blocks.{i}.{n}" for i in range(config.num_hidden_layers) for n in block),
            "ln_final.hook_scale", "ln_final.hook_normalized"]


def pad(rows: list[list[int]]) -> tuple[Tensor, Tensor]:
    """Right-padded ids and the mask of real tokens."""
    width = max(map(len, rows))
    ids = torch.tensor([r + [0] * (width - len(r)) for r in rows])
    mask = torch.tensor([[1] * len(r) + [0] * (width - len(r)) for r in rows])
    return ids, mask


def tapped_attention(module, query, key, value, attention_mask, scaling=None, dropout=0.0, softcap=None, **_):
    """Eager attention of transformers with taps; a query without any key attends to nothing, as in TransformerLens."""
    tap: Tap = module.vitrine_tap
    if module.vitrine_rotary:
        query = tap("attn.hook_rot_q", query.transpose(1, 2)).transpose(1, 2)
        key = tap("attn.hook_rot_k", key.transpose(1, 2)).transpose(1, 2)
    group = query.shape[1] // key.shape[1]
    scores = query @ key.repeat_interleave(group, 1).transpose(2, 3) * scaling
    scores = scores if softcap is None else softcap * torch.tanh(scores / softcap)
    allowed = attention_mask[..., : key.shape[2]] == 0
    scores = tap("attn.hook_attn_scores", scores.masked_fill(~allowed, float("-inf")))
    pattern = tap("attn.hook_pattern", torch.nan_to_num(scores.softmax(-1)))
    z = tap("attn.hook_z", (pattern @ value.repeat_interleave(group, 1)).transpose(1, 2))
    return z, pattern


ALL_ATTENTION_FUNCTIONS.register("vitrine", tapped_attention)
AttentionMaskInterface.register("vitrine", eager_mask)


class Oracle:
    """A transformers checkpoint of any family."""

    def __init__(self, hf: PreTrainedModel):
        self.hf, self.config = hf.eval(), hf.config
        # GPT-Neo computes its scores by itself: its method is replaced while hooks are attached.
        self.own_attention = self.config.model_type == "gpt_neo"
        self._implementation("vitrine")

    def _implementation(self, name: str) -> None:
        self.hf.set_attn_implementation("eager" if self.own_attention else name)

    @staticmethod
    def load(folder) -> "Oracle":
        return Oracle(AutoModelForCausalLM.from_pretrained(str(folder), dtype=torch.float32))

    def native(self, rows: list[list[int]]) -> Tensor:
        """Logits of transformers' own code, without a single hook of ours."""
        ids, mask = pad(rows)
        self._implementation("eager")
        try:
            with torch.no_grad():
                return self.hf(ids, attention_mask=mask, use_cache=False).logits
        finally:
            self._implementation("vitrine")

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
            for block in parts_of(self.hf).blocks:
                block.core.__dict__.pop("_attn", None)

    def _attach(self, tap: Tap, requested: frozenset[str], handles: list) -> None:
        out = lambda m, f: handles.append(m.register_forward_hook(lambda _m, _a, y: f(y)))  # noqa: E731
        first = lambda m, f: handles.append(m.register_forward_pre_hook(lambda _m, a: (f(a[0]), *a[1:])))  # noqa: E731
        parts = parts_of(self.hf)
        out(parts.embed, lambda y: tap("hook_embed", y))
        if parts.pos is not None:
            out(parts.pos, lambda y: tap("hook_pos_embed", y))
        for i, block in enumerate(parts.blocks):
            self._attach_block(block, parts.parallel, lambda n, v, i=i: tap(f"blocks.{i}.{n}", v), {n.split(".", 2)[2] for n in requested if n.startswith(f"blocks.{i}.")},
                               handles, out, first)
        self._norm(parts.final, "ln_final", tap, handles)

    def _norm(self, m: nn.Module, name: str | None, tap: Tap, handles: list) -> None:
        """hook_scale is sqrt(mean x^2 + eps) after centring (LayerNorm), hook_normalized is before gain and bias. Without a name no hooks, but the module's own precision."""
        norm = NormOf(m)

        def f(_m, args, _y):
            x, scale = norm.scaled(args[0])
            if name is None:
                return norm.after(x / scale)
            return norm.after(tap(f"{name}.hook_normalized", x / tap(f"{name}.hook_scale", scale)))
        handles.append(m.register_forward_hook(f))

    def _attach_block(self, block: Block, parallel: bool, tap: Tap, requested: set[str], handles: list, out, first) -> None:
        core, o, state = block.core, block.o, {}
        core.vitrine_tap, core.vitrine_rotary = tap, self.config.model_type in ROTARY
        heads, dh = self.config.num_attention_heads, head_dim(self.config)
        if self.own_attention:
            def own(query, key, value, mask):
                t = query.shape[-2]
                allowed = core.bias[:, :, :t, :t] & (mask == 0)
                z, pattern = tapped_attention(core, query, key, value, torch.where(allowed, 0.0, -1.0), scaling=1.0)
                return z.transpose(1, 2), pattern
            core._attn = own

        def pre(x):
            state["pre"] = tap("hook_resid_pre", x)
            return state["pre"]
        first(block.module, pre)
        self._norm(block.ln1, "ln1", tap, handles)
        for m in block.further_norms:
            self._norm(m, None, tap, handles)

        ln1, apart = NormOf(block.ln1), projections(self.config, core)

        def projected(name, y):
            """One of q, k, v: [b, t, n * dh], from its own copy of the residual stream per head where that is asked for."""
            p = apart[name]
            if f"hook_{name}_input" in requested:
                x = ln1(tap(f"hook_{name}_input", state["pre"][:, :, None].expand(-1, -1, p.heads, -1).clone()))
                y = torch.einsum("bthd,dhe->bthe", x, p.weight.reshape(p.weight.shape[0], p.heads, dh)) + (0 if p.bias is None else p.bias.reshape(p.heads, dh))
            return tap(f"attn.hook_{name}", y.reshape(*y.shape[:2], p.heads, dh)).flatten(2)
        hook_projections(self.config, core, out, projected)

        if "attn.hook_result" in requested:
            def results(_m, args, _y):
                w = o.weight if block.o_conv1d else o.weight.t()  # [heads * dh, d]
                r = torch.einsum("bthe,hed->bthd", args[0].unflatten(-1, (heads, dh)), w.reshape(heads, dh, -1))
                y = tap("attn.hook_result", r).sum(2)
                return y if o.bias is None else y + o.bias
            handles.append(o.register_forward_hook(results))

        def written(y):
            a = tap("hook_attn_out", y)
            if parallel:
                return a
            mid = state["pre"] + a
            edited = tap("hook_resid_mid", mid)
            # transformers adds the residual outside of any module, so an edit of the sum goes through its one free summand.
            return a if edited is mid else edited - state["pre"]
        if block.ln1_post is None:
            out(block.attn, lambda y: (written(y[0]), *y[1:]))
        else:
            self._norm(block.ln1_post, None, tap, handles)
            out(block.ln1_post, written)
        if "hook_mlp_in" in requested:
            first(block.ln2, lambda x: tap("hook_mlp_in", x))
        self._norm(block.ln2, "ln2", tap, handles)
        first(block.mlp, lambda x: tap("mlp.hook_in", x))
        out(block.pre, lambda y: tap("mlp.hook_pre", y))
        if block.linear is not None:
            out(block.linear, lambda y: tap("mlp.hook_pre_linear", y))
        first(block.down, lambda x: tap("mlp.hook_post", x))
        out(block.mlp, lambda y: tap("mlp.hook_out", y))
        if block.ln2_post is not None:
            self._norm(block.ln2_post, None, tap, handles)
        out(block.mlp if block.ln2_post is None else block.ln2_post, lambda y: tap("hook_mlp_out", y))
        # GPT-Neo's blocks answer with a tuple.
        out(block.module, lambda y: (tap("hook_resid_post", y[0]), *y[1:]) if isinstance(y, tuple) else tap("hook_resid_post", y))


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
        hooks = [(n, lambda v, hook: tap(hook.name, v)) for n in hook_names(self.config) if not n.endswith(skip or ("\0",)) and not n.endswith(MLP_ITSELF) and (not n.endswith(ON_REQUEST) or n in requested)]
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
