"""The GPT-2 architecture of `primer`, written for fast CPU training, with hooks for analysis.

Numerically the same function as transformers' GPT2LMHeadModel (tied embeddings, gelu_new, LayerNorm eps 1e-5);
`to_hf_state`/`from_hf_state` convert between the two and `check_against_transformers` asserts it.
Hook names are those of TransformerLens with no weight processing.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Callable

import torch
import torch.nn as nn
import torch.nn.functional as F

Hook = Callable[[torch.Tensor], torch.Tensor]


@dataclass
class Config:
    vocab: int
    d_model: int = 192
    n_layers: int = 4
    d_head: int = 32
    n_ctx: int = 128

    @property
    def n_heads(self) -> int:
        return self.d_model // self.d_head

    @property
    def d_mlp(self) -> int:
        return 4 * self.d_model

    def dict(self) -> dict:
        return asdict(self)


class Block(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        d, m = c.d_model, c.d_mlp
        self.h = c.n_heads
        self.ln1, self.ln2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.o = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.fi, self.fo = nn.Linear(d, m), nn.Linear(m, d)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, t, d = x.shape
        q, k, v = self.qkv(self.ln1(x)).view(b, t, 3, self.h, d // self.h).permute(2, 0, 3, 1, 4)
        z = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.o(z.transpose(1, 2).reshape(b, t, d))
        return x + self.fo(F.gelu(self.fi(self.ln2(x)), approximate="tanh"))

    def hooked(self, x: torch.Tensor, run: Callable[[str, torch.Tensor], torch.Tensor]) -> torch.Tensor:
        """The same block with every inner activation passed through `run(name, value)`; q, k, v, z are [b, t, head, d_head]."""
        b, t, d = x.shape
        q, k, v = self.qkv(self.ln1(x)).view(b, t, 3, self.h, d // self.h).unbind(2)
        q, k, v = run("attn.hook_q", q), run("attn.hook_k", k), run("attn.hook_v", v)
        s = torch.einsum("bqhd,bkhd->bhqk", q, k) / math.sqrt(d // self.h)
        s = s.masked_fill(torch.ones(t, t, dtype=torch.bool, device=x.device).triu(1), float("-inf"))
        p = run("attn.hook_pattern", s.softmax(-1))
        z = run("attn.hook_z", torch.einsum("bhqk,bkhd->bqhd", p, v))
        x = x + run("hook_attn_out", self.o(z.reshape(b, t, d)))
        return x + run("hook_mlp_out", self.fo(F.gelu(self.fi(self.ln2(x)), approximate="tanh")))


class GPT(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.c = c
        d = c.d_model
        self.wte, self.wpe = nn.Embedding(c.vocab, d), nn.Embedding(c.n_ctx, d)
        self.blocks = nn.ModuleList(Block(c) for _ in range(c.n_layers))
        self.lnf = nn.LayerNorm(d)
        for name, p in self.named_parameters():
            if name.startswith("wte"):
                nn.init.normal_(p, 0, 0.02)
            elif p.dim() == 2 and not name.startswith("wpe"):
                out = name.endswith(("o.weight", "fo.weight"))
                nn.init.normal_(p, 0, 0.6 / math.sqrt(p.shape[1]) / (math.sqrt(2 * c.n_layers) if out else 1))
            elif name.endswith("bias"):
                nn.init.zeros_(p)
        # Sinusoidal start of the learned positions: neighbours are a fixed rotation apart, so attention to the previous token is easy to find.
        freq = 2.2 * torch.exp(-math.log(110.0) * torch.arange(d // 2) / (d // 2))
        ang = torch.arange(c.n_ctx)[:, None] * freq
        self.wpe.weight.data = 0.028 * torch.stack([ang.sin(), ang.cos()], -1).reshape(c.n_ctx, d)

    def body(self, x: torch.Tensor) -> torch.Tensor:
        """Token ids [b, t] -> final-norm output [b, t, d]."""
        h = self.wte(x) + self.wpe.weight[: x.shape[1]]
        for b in self.blocks:
            h = b(h)
        return self.lnf(h)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x) @ self.wte.weight.t()

    def unembed(self, resid: torch.Tensor) -> torch.Tensor:
        return self.lnf(resid) @ self.wte.weight.t()

    def run(self, x: torch.Tensor, hooks: dict[str, Hook] | None = None, keep: dict[str, torch.Tensor] | None = None,
            only: set[str] | None = None) -> torch.Tensor:
        """Forward with edits. `hooks` maps a full hook name to a function of its value; `keep` collects values after the edit."""
        hooks = hooks or {}

        def at(prefix: str) -> Callable[[str, torch.Tensor], torch.Tensor]:
            def f(name: str, v: torch.Tensor) -> torch.Tensor:
                full = prefix + name
                if full in hooks:
                    v = hooks[full](v)
                if keep is not None and (only is None or full in only):
                    keep[full] = v
                return v
            return f

        h = at("")("hook_embed", self.wte(x)) + self.wpe.weight[: x.shape[1]]
        for i, b in enumerate(self.blocks):
            f = at(f"blocks.{i}.")
            h = f("hook_resid_pre", h)
            h = f("hook_resid_post", b.hooked(h, f))
        return self.unembed(h)


def to_hf_state(m: GPT) -> dict[str, torch.Tensor]:
    """Tensors under GPT-2's names as in a GPT2Model checkpoint; Conv1D weights are [in, out]."""
    out = {"wte.weight": m.wte.weight, "wpe.weight": m.wpe.weight, "ln_f.weight": m.lnf.weight, "ln_f.bias": m.lnf.bias}
    for i, b in enumerate(m.blocks):
        for theirs, ours in (("ln_1", b.ln1), ("ln_2", b.ln2)):
            out[f"h.{i}.{theirs}.weight"], out[f"h.{i}.{theirs}.bias"] = ours.weight, ours.bias
        for theirs, lin in (("attn.c_attn", b.qkv), ("attn.c_proj", b.o), ("mlp.c_fc", b.fi), ("mlp.c_proj", b.fo)):
            out[f"h.{i}.{theirs}.weight"], out[f"h.{i}.{theirs}.bias"] = lin.weight.t(), lin.bias
    return {k: v.detach().clone().contiguous() for k, v in out.items()}


def from_hf_state(state: dict[str, torch.Tensor], c: Config) -> GPT:
    m = GPT(c)
    mine = {"wte.weight": state["wte.weight"], "wpe.weight": state["wpe.weight"], "lnf.weight": state["ln_f.weight"], "lnf.bias": state["ln_f.bias"]}
    for i in range(c.n_layers):
        for theirs, ours in (("ln_1", "ln1"), ("ln_2", "ln2")):
            for p in ("weight", "bias"):
                mine[f"blocks.{i}.{ours}.{p}"] = state[f"h.{i}.{theirs}.{p}"]
        for theirs, ours in (("attn.c_attn", "qkv"), ("attn.c_proj", "o"), ("mlp.c_fc", "fi"), ("mlp.c_proj", "fo")):
            mine[f"blocks.{i}.{ours}.weight"] = state[f"h.{i}.{theirs}.weight"].t().contiguous()
            mine[f"blocks.{i}.{ours}.bias"] = state[f"h.{i}.{theirs}.bias"]
    m.load_state_dict(mine)
    return m.eval()


def hf_config(c: Config) -> dict:
    return {
        "activation_function": "gelu_new", "architectures": ["GPT2LMHeadModel"], "attn_pdrop": 0.0, "bos_token_id": 0, "embd_pdrop": 0.0,
        "eos_token_id": 0, "initializer_range": 0.02, "layer_norm_epsilon": 1e-05, "model_type": "gpt2", "n_ctx": c.n_ctx, "n_embd": c.d_model,
        "n_head": c.n_heads, "n_inner": c.d_mlp, "n_layer": c.n_layers, "n_positions": c.n_ctx, "pad_token_id": 0, "resid_pdrop": 0.0,
        "scale_attn_weights": True, "tie_word_embeddings": True, "torch_dtype": "float32", "use_cache": True, "vocab_size": c.vocab,
    }


@torch.no_grad()
def check_against_transformers(m: GPT, folder: str) -> float:
    """Largest absolute logit difference between this module and the transformers checkpoint in `folder`."""
    from transformers import GPT2LMHeadModel

    hf = GPT2LMHeadModel.from_pretrained(folder).eval()
    g = torch.Generator().manual_seed(0)
    x = torch.randint(m.c.vocab, (4, m.c.n_ctx), generator=g)
    a, b, c = m(x), hf(x).logits, m.run(x)
    worst = max((a - b).abs().max().item(), (c - b).abs().max().item())
    assert worst < 1e-3, f"differs from transformers by {worst}"
    return worst
