"""PyTorch's side of `npm run bench`: the same prompt through the same (dequantized) weights and SAEs, on the CPU.

usage: torch_baseline.py PUBLIC_DIR THREADS < {"ids": [...], "saes": [...], "newTokens": 32}
prints one JSON object of milliseconds (median of 9 after 2 warm-ups) and tokens/s. Needs torch, transformers, safetensors.
"""
import json
import statistics
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import GPT2Config, GPT2LMHeadModel


def dequantized(path: Path) -> dict[str, torch.Tensor]:
    raw = load_file(path)
    out = {}
    for name, value in raw.items():
        if name.endswith(".scale"):
            continue
        if name.endswith(".q8"):
            scale = raw[name[:-3] + ".scale"]
            out[name[:-3]] = (value.float().unflatten(1, (scale.shape[1], -1)) * scale.unsqueeze(-1)).flatten(1)
        else:
            out[name] = value
    return out


def load_model(bundle: Path) -> GPT2LMHeadModel:
    model = GPT2LMHeadModel(GPT2Config(**json.loads((bundle / "config.json").read_text())))
    state = dequantized(bundle / "model.int8.safetensors")
    conv1d = ("c_attn.weight", "c_proj.weight", "c_fc.weight")
    fixed = {f"transformer.{k}": (v.T.contiguous() if k.endswith(conv1d) else v) for k, v in state.items()}
    fixed["lm_head.weight"] = fixed["transformer.wte.weight"]
    missing, unexpected = model.load_state_dict(fixed, strict=False)
    assert not unexpected and all("attn.bias" in m or "masked_bias" in m for m in missing), (missing, unexpected)
    return model.eval()


def median_ms(run) -> float:
    times = []
    for i in range(11):
        began = time.perf_counter()
        run()
        if i >= 2:
            times.append((time.perf_counter() - began) * 1e3)
    return statistics.median(times)


@torch.no_grad()
def main() -> None:
    public, threads = Path(sys.argv[1]), int(sys.argv[2])
    asked = json.load(sys.stdin)
    torch.set_num_threads(threads)
    model = load_model(public / "models" / "primer")
    saes = {name: dequantized(public / "saes" / "primer" / name / "sae_weights.int8.safetensors") for name in asked["saes"]}
    ids = torch.tensor([asked["ids"]])

    def forward() -> None:
        hidden = model(ids, output_hidden_states=True).hidden_states
        for name, sae in saes.items():
            layer = int(name.split(".")[1])
            pre = hidden[layer + 1][0] @ sae["W_enc_T"].T + sae["b_enc"]
            active = torch.relu(pre) * (pre > sae["threshold"])
            _ = active.nonzero()

    def generate() -> None:
        model.generate(ids, max_new_tokens=asked["newTokens"], min_new_tokens=asked["newTokens"], do_sample=False, pad_token_id=0)

    generation = median_ms(generate)
    print(json.dumps({"threads": threads, "forwardAndSaesMs": median_ms(forward), "tokensPerSecond": asked["newTokens"] / generation * 1e3}))


if __name__ == "__main__":
    main()
