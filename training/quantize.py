"""int8 weight-only quantization, symmetric, groups of 32 along the input dimension; and the dequantized model that readers run.

`w = q * scale`, `scale = absmax / 127` of each group (1 where a group is zero). Matrices are stored [out, in].
usage: quantize.py --model out/primer   -> out/primer/int8.safetensors and out/primer/hf-int8 (a transformers checkpoint of the dequantized weights)
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from common import OUT, write_json
from model import GPT, Config, check_against_transformers, from_hf_state, hf_config

GROUP = 32


def quantize(w: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """[n, k] float -> int8 [n, k] and float32 scale [n, k/32]."""
    n, k = w.shape
    assert k % GROUP == 0, (n, k)
    g = w.float().reshape(n, k // GROUP, GROUP)
    scale = g.abs().amax(-1) / 127
    scale = torch.where(scale > 0, scale, torch.ones_like(scale))
    q = torch.round(g / scale[..., None]).clamp(-127, 127).to(torch.int8)
    return q.reshape(n, k).contiguous(), scale.contiguous()


def dequantize(q: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    n, k = q.shape
    return (q.float().reshape(n, k // GROUP, GROUP) * scale[..., None]).reshape(n, k)


def is_conv1d(name: str) -> bool:
    return name.startswith("h.") and name.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight"))


def quantize_model(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """GPT-2 state (Conv1D weights [in, out]) -> bundle tensors. wpe, biases and LayerNorms stay float32."""
    out = {}
    for name, w in state.items():
        if is_conv1d(name) or name == "wte.weight":
            q, s = quantize(w.t() if is_conv1d(name) else w)
            out[f"{name}.q8"], out[f"{name}.scale"] = q, s
        else:
            out[name] = w.float().contiguous()
    return out


def dequantize_model(bundle: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    out = {}
    for name, t in bundle.items():
        if name.endswith(".q8"):
            base = name[:-3]
            w = dequantize(t, bundle[f"{base}.scale"])
            out[base] = (w.t() if is_conv1d(base) else w).contiguous()
        elif not name.endswith(".scale"):
            out[name] = t
    return out


def config_of(folder: Path) -> Config:
    c = json.loads((folder / "config.json").read_text())
    return Config(vocab=c["vocab_size"], d_model=c["n_embd"], n_layers=c["n_layer"], d_head=c["n_embd"] // c["n_head"], n_ctx=c["n_ctx"])


def load_hf(folder: Path) -> GPT:
    state = {k.removeprefix("transformer."): v for k, v in load_file(str(folder / "model.safetensors")).items()}
    return from_hf_state(state, config_of(folder))


def main() -> None:
    ap = argparse.ArgumentParser()
    ap.add_argument("--model", default=str(OUT / "primer"))
    a = ap.parse_args()
    src = Path(a.model) / "hf"
    state = {k.removeprefix("transformer."): v for k, v in load_file(str(src / "model.safetensors")).items()}
    bundle = quantize_model(state)
    save_file(bundle, str(Path(a.model) / "int8.safetensors"), metadata={"format": "vitrine-int8/1", "group": str(GROUP)})
    deq = dequantize_model(bundle)
    worst = max(((deq[k] - state[k]).norm() / state[k].norm()).item() for k in state)
    dst = Path(a.model) / "hf-int8"
    dst.mkdir(parents=True, exist_ok=True)
    save_file({f"transformer.{k}": v.contiguous() for k, v in deq.items()}, str(dst / "model.safetensors"), metadata={"format": "pt"})
    write_json(dst / "config.json", hf_config(config_of(src)))
    m = from_hf_state(deq, config_of(src))
    print(f"int8: worst relative weight error {worst:.4f}; max |logit - transformers| {check_against_transformers(m, str(dst)):.1e}")


if __name__ == "__main__":
    main()
