"""PyTorch's side of the comparison on SmolLM2-135M's shape: float32, random weights, the CPU, transformers' own generation.

usage: torch_shape.py THREADS
prints one JSON object: the best of some rounds, milliseconds from 64 tokens to the next logits, and tokens/s after that.
"""
import json
import sys
import time

import torch
from transformers import LlamaConfig, LlamaForCausalLM

NEW_TOKENS = 32
ROUNDS = 5


@torch.no_grad()
def main() -> None:
    threads = int(sys.argv[1])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            hidden_size=576,
            intermediate_size=1536,
            num_hidden_layers=30,
            num_attention_heads=9,
            num_key_value_heads=3,
            head_dim=64,
            vocab_size=49152,
            max_position_embeddings=8192,
            tie_word_embeddings=True,
        )
    ).eval()
    ids = torch.tensor([[(i * 7919 + 11) % 49152 for i in range(64)]])
    prefill, rates = [], []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        out = model(ids, use_cache=True, logits_to_keep=1)
        first = time.perf_counter()
        for _ in range(NEW_TOKENS):
            token = out.logits[:, -1:].argmax(-1)
            out = model(token, past_key_values=out.past_key_values, use_cache=True)
        prefill.append((first - began) * 1e3)
        rates.append(NEW_TOKENS / (time.perf_counter() - first))
    print(json.dumps({"threads": threads, "prefillMs": min(prefill[1:]), "tokensPerSecond": max(rates[1:])}))


if __name__ == "__main__":
    main()
