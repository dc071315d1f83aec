"""What a feature's dashboard reads off weights and activations, in NumPy float64: sources (DFA), heads, alignment, correlations.

Written from the definitions in labs/feature-dashboard/README.md, with TransformerLens' activations in double precision.
"""

from __future__ import annotations

import json

import numpy as np
import torch
from safetensors.numpy import load_file

from oracle import Lens, Oracle
from store import TESTDATA, save

PROMPT = [0, 5, 17, 3, 9, 30, 4, 9]
Z = "jumprelu_z"
FEATURE = 3
SAES = ("jumprelu", Z, "standard", "topk")
HEADS, D_HEAD = 4, 8


def weights(name: str) -> dict[str, np.ndarray]:
    return {k: v.astype(np.float64) for k, v in load_file(str(TESTDATA / "tiny-saes" / name / "sae_weights.safetensors")).items()}


def unit(x: np.ndarray) -> np.ndarray:
    return x / np.linalg.norm(x)


def facts(name: str) -> dict:
    """Neuron alignment and head attribution as SAEDashboard has them, decoder norms folded."""
    w = weights(name)
    row, encoder = w["W_dec"][FEATURE], w["W_enc"][:, FEATURE]
    order = np.argsort(-row, kind="stable")[:3]
    found = dict(alignment=[dict(index=int(i), cosine=float(unit(row)[i]), share=float(abs(row[i]) / np.abs(row).sum())) for i in order], encoderCosine=float(unit(row) @ unit(encoder)))
    if name == Z:
        norms = np.linalg.norm(row.reshape(HEADS, D_HEAD), axis=1)
        found["heads"] = (norms / norms.sum()).tolist()
    return found


def sources(family: str) -> tuple[dict, dict[str, torch.Tensor]]:
    """The strongest feature on the prompt, BOS left out, and what every head and token adds to it there."""
    lens = Lens(Oracle.load(TESTDATA / f"tiny-{family}").hf, torch.float64)
    seen: dict[str, np.ndarray] = {}

    def tap(name: str, x: torch.Tensor) -> torch.Tensor:
        seen[name] = x[0].detach().numpy()
        return x

    with torch.no_grad():
        lens.run([PROMPT], tap, frozenset())
    pattern, v, z = (seen[f"blocks.1.attn.{n}"] for n in ("hook_pattern", "hook_v", "hook_z"))
    w = weights(Z)
    assert json.loads((TESTDATA / "tiny-saes" / Z / "cfg.json").read_text())["apply_b_dec_to_input"]
    pre = (z.reshape(len(PROMPT), -1) - w["b_dec"]) @ w["W_enc"] + w["b_enc"]
    f = np.where(pre > np.maximum(w["threshold"], 0), pre, 0)
    f[0] = 0
    position, feature = (int(i) for i in np.unravel_index(f.argmax(), f.shape))
    group = HEADS // v.shape[1]
    blocks = w["W_enc"][:, feature].reshape(HEADS, D_HEAD)
    by_head = np.stack([pattern[h, position] * (v[:, h // group] @ blocks[h]) for h in range(HEADS)])
    constant = w["b_enc"][feature] - w["b_dec"] @ w["W_enc"][:, feature]
    assert abs(by_head.sum() + constant - pre[position, feature]) < 1e-9
    assert np.abs(by_head).max() > 0.05
    meta = dict(feature=feature, position=position, constant=float(constant), value=float(pre[position, feature]))
    return meta, {f"{family}/sources": torch.from_numpy(by_head)}


def correlations() -> tuple[dict, dict[str, torch.Tensor]]:
    """A stream that is mostly 0 with others, some of which go with it; rounded to float32 first, as the engine has them."""
    g = np.random.default_rng(7)
    n, width = 61, 9
    f = np.where(g.random(n) < 0.3, g.random(n) * 4, 0)
    x = 3 + g.standard_normal((n, width))
    x[:, 2] += f
    x[:, 5] -= 2 * f
    x[:, 7] = 1.5
    f, x = f.astype(np.float32).astype(np.float64), x.astype(np.float32).astype(np.float64)
    pearson = [None if np.ptp(x[:, i]) == 0 else float(np.corrcoef(f, x[:, i])[0, 1]) for i in range(width)]
    cosine = [float(f @ x[:, i] / np.sqrt((f @ f) * (x[:, i] @ x[:, i]))) for i in range(width)]
    return dict(pearson=pearson, cosine=cosine), {"f": torch.from_numpy(f), "x": torch.from_numpy(x)}


def make() -> None:
    meta: dict = dict(prompt=PROMPT, feature=FEATURE, weights={name: facts(name) for name in SAES}, sources={})
    tensors: dict[str, torch.Tensor] = {}
    for family in ("gpt2", "llama"):
        meta["sources"][family], found = sources(family)
        tensors |= found
        print(f"dashboard, tiny {family}: {meta['sources'][family]}")
    meta["correlations"], found = correlations()
    tensors |= found
    save("dashboard", tensors, meta)
