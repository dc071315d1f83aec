"""PyTorch's side of the comparison on a real model: the weights of a GGUF file as transformers dequantizes them, float32, on the CPU.

usage: torch_real.py FILE.gguf THREADS < {"prompt": [...], "newTokens": 32, "rounds": 3}
prints one JSON object: the best of some rounds, milliseconds from the prompt to the next logits, and tokens/s after that; the greedy
tokens, and by how much each one led. Needs torch, transformers, gguf, accelerate.
"""
import json
import sys
import time
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM


@torch.inference_mode()
def main() -> None:
    file, threads = Path(sys.argv[1]), int(sys.argv[2])
    asked = json.load(sys.stdin)
    torch.set_num_threads(threads)
    model = AutoModelForCausalLM.from_pretrained(str(file.parent), gguf_file=file.name, dtype=torch.float32).eval()
    prompt = torch.tensor([asked["prompt"]])
    prefill, rates = [], []
    for _ in range(asked["rounds"] + 1):
        began = time.perf_counter()
        out = model(prompt, use_cache=True, logits_to_keep=1)
        logits = [out.logits[0, -1]]
        tokens = [logits[0].argmax().item()]
        first = time.perf_counter()
        for _ in range(asked["newTokens"]):
            out = model(torch.tensor([tokens[-1:]]), past_key_values=out.past_key_values, use_cache=True)
            logits.append(out.logits[0, -1])
            tokens.append(logits[-1].argmax().item())
        prefill.append((first - began) * 1e3)
        rates.append(asked["newTokens"] / (time.perf_counter() - first))
    best = [row.topk(2).values for row in logits]
    margins = [(first - second).item() for first, second in best]
    print(json.dumps({"prefillMs": min(prefill[1:]), "tokensPerSecond": max(rates[1:]), "tokens": tokens, "margins": margins}))


if __name__ == "__main__":
    main()
