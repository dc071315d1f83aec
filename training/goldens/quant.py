"""The engine's weight-only quantization (workers/kernels/quantize.ts) in numpy, rounding included, and checkpoints of the dequantized weights."""

from __future__ import annotations

import copy

import numpy as np
import torch

GROUP = 32
LINEAR = ("c_attn.weight", "c_proj.weight", "c_fc.weight", "_proj.weight", "wte.weight", "embed_tokens.weight", "lm_head.weight", "embed_in.weight", "embed_out.weight",
          "query_key_value.weight", "attention.dense.weight", "dense_h_to_4h.weight", "dense_4h_to_h.weight")


def dequantized(w: np.ndarray, kind: str) -> np.ndarray:
    """[out, in] float32 -> the float32 values that int8 or int4 weights stand for. Rows that do not fill groups of 32 stay as they are."""
    if w.shape[1] % GROUP:
        return w
    g = w.astype(np.float64).reshape(-1, GROUP)
    extreme = np.take_along_axis(g, np.abs(g).argmax(1)[:, None], 1)
    scale = (np.abs(extreme) / 127 if kind == "int8" else extreme / -8).astype(np.float32).astype(np.float64)
    low, high = (-127, 127) if kind == "int8" else (-8, 7)
    safe = np.where(scale == 0, 1, scale)
    q = np.where(scale == 0, 0, np.clip(np.floor(g / safe + 0.5), low, high))
    return (q * scale).astype(np.float32).reshape(w.shape)


def dequantized_model(hf, kind: str):
    """A copy of a checkpoint whose matrices were rounded as the engine rounds them; positions, norms and biases stay float32."""
    out = copy.deepcopy(hf)
    gpt2 = hf.config.model_type == "gpt2"  # whose matrices are [in, out]
    done = set()
    for name, p in out.named_parameters():
        if not name.endswith(LINEAR) or p.data_ptr() in done:
            continue
        done.add(p.data_ptr())
        conv1d = gpt2 and "h." in name
        w = (p.data.t() if conv1d else p.data).contiguous().numpy()
        d = torch.from_numpy(dequantized(w, kind))
        p.data.copy_(d.t() if conv1d else d)
    return out
