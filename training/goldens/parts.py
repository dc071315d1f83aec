"""Where each family of transformers keeps what core/hooks.ts names: modules of a checkpoint under one set of names."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

ROTARY = {"llama", "qwen2", "qwen3", "gemma2", "gemma3_text", "gpt_neox"}
GATED = {"llama", "qwen2", "qwen3", "gemma2", "gemma3_text"}
GEMMA = {"gemma2", "gemma3_text"}


@dataclass
class NormOf:
    """Gain, bias and eps of a LayerNorm or RMSNorm of any family; Gemma's gain is 1 + weight."""

    module: nn.Module

    @property
    def rms(self) -> bool:
        return not isinstance(self.module, nn.LayerNorm)

    @property
    def eps(self) -> float:
        return getattr(self.module, "variance_epsilon", None) or self.module.eps

    @property
    def gain(self) -> Tensor:
        return 1 + self.module.weight if type(self.module).__name__.startswith("Gemma") else self.module.weight

    @property
    def bias(self) -> Tensor | None:
        return getattr(self.module, "bias", None)

    def scaled(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """x, centred where the norm centres; and its scale sqrt(mean x^2 + eps)."""
        x = x if self.rms else x - x.mean(-1, keepdim=True)
        return x, (x.pow(2).mean(-1, keepdim=True) + self.eps).sqrt()

    def after(self, normalized: Tensor) -> Tensor:
        y = normalized * self.gain
        return y if self.bias is None else y + self.bias

    def __call__(self, x: Tensor) -> Tensor:
        x, scale = self.scaled(x)
        return self.after(x / scale)


@dataclass
class Projection:
    """q, k or v: weight [d, heads * dh] and bias, whatever they lie in."""

    heads: int
    weight: Tensor
    bias: Tensor | None


@dataclass
class Block:
    module: nn.Module
    attn: nn.Module  # whose output is a tuple with what attention writes first
    core: nn.Module  # which computes scores
    o: nn.Module
    o_conv1d: bool
    ln1: nn.Module
    ln2: nn.Module
    mlp: nn.Module
    pre: nn.Module
    down: nn.Module
    linear: nn.Module | None = None
    ln1_post: nn.Module | None = None
    ln2_post: nn.Module | None = None
    further_norms: list[nn.Module] = field(default_factory=list)  # without hooks


@dataclass
class Parts:
    embed: nn.Module
    pos: nn.Module | None
    blocks: list[Block]
    final: nn.Module
    parallel: bool


def head_dim(config) -> int:
    return getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads


def parts_of(hf: PreTrainedModel) -> Parts:
    c = hf.config
    if c.model_type == "gpt2":
        t = hf.transformer
        blocks = [Block(b, b.attn, b.attn, b.attn.c_proj, True, b.ln_1, b.ln_2, b.mlp, b.mlp.c_fc, b.mlp.c_proj) for b in t.h]
        return Parts(t.wte, t.wpe, blocks, t.ln_f, False)
    if c.model_type == "gpt_neo":
        t = hf.transformer
        blocks = [Block(b, b.attn, b.attn.attention, b.attn.attention.out_proj, False, b.ln_1, b.ln_2, b.mlp, b.mlp.c_fc, b.mlp.c_proj) for b in t.h]
        return Parts(t.wte, t.wpe, blocks, t.ln_f, False)
    if c.model_type == "gpt_neox":
        t = hf.gpt_neox
        blocks = [Block(b, b.attention, b.attention, b.attention.dense, False, b.input_layernorm, b.post_attention_layernorm, b.mlp, b.mlp.dense_h_to_4h, b.mlp.dense_4h_to_h)
                  for b in t.layers]
        return Parts(t.embed_in, None, blocks, t.final_layer_norm, c.use_parallel_residual)
    gemma = c.model_type in GEMMA
    blocks = []
    for b in hf.model.layers:
        norms = dict(ln1_post=b.post_attention_layernorm, ln2_post=b.post_feedforward_layernorm) if gemma else {}
        qk = [n for n in (getattr(b.self_attn, "q_norm", None), getattr(b.self_attn, "k_norm", None)) if n is not None]
        blocks.append(Block(b, b.self_attn, b.self_attn, b.self_attn.o_proj, False, b.input_layernorm, b.pre_feedforward_layernorm if gemma else b.post_attention_layernorm,
                            b.mlp, b.mlp.gate_proj, b.mlp.down_proj, linear=b.mlp.up_proj, further_norms=qk, **norms))
    return Parts(hf.model.embed_tokens, None, blocks, hf.model.norm, False)


def projections(config, core: nn.Module) -> dict[str, Projection]:
    heads, dh = config.num_attention_heads, head_dim(config)
    if config.model_type == "gpt2":
        d = heads * dh
        return {n: Projection(heads, core.c_attn.weight[:, j * d:(j + 1) * d], core.c_attn.bias[j * d:(j + 1) * d]) for j, n in enumerate("qkv")}
    if config.model_type == "gpt_neox":  # rows are [head][q, k, v][dh]
        w, b = core.query_key_value.weight.unflatten(0, (heads, 3, dh)), core.query_key_value.bias.unflatten(0, (heads, 3, dh))
        return {n: Projection(heads, w[:, j].flatten(0, 1).t(), b[:, j].flatten()) for j, n in enumerate("qkv")}
    kv = getattr(config, "num_key_value_heads", heads)
    return {n: Projection(heads if n == "q" else kv, m.weight.t(), m.bias) for n in "qkv" for m in [getattr(core, f"{n}_proj")]}


def hook_projections(config, core: nn.Module, out, edit) -> None:
    """Puts `edit(name, y [b, t, heads * dh])` on the outputs of q, k and v."""
    if config.model_type == "gpt2":
        out(core.c_attn, lambda y: torch.cat([edit(n, part) for n, part in zip("qkv", y.chunk(3, -1), strict=True)], -1))
    elif config.model_type == "gpt_neox":
        shape = (config.num_attention_heads, 3, head_dim(config))

        def fused(y: Tensor) -> Tensor:
            apart = y.unflatten(-1, shape)
            edited = [edit(n, apart[..., j, :].flatten(2)).unflatten(-1, shape[::2]) for j, n in enumerate("qkv")]
            return torch.stack(edited, -2).flatten(2)
        out(core.query_key_value, fused)
    else:
        for n in "qkv":
            out(getattr(core, f"{n}_proj"), lambda y, n=n: edit(n, y))
