"""Goldens of packaged models: logits and greedy continuations of transformers, on weights that it dequantizes from the same GGUF.

usage: real_models.py smollm2-135m|gemma-3-270m FILE.gguf

Token ids come from tokenizers built from the GGUF's own vocabulary (`vocabularies.py`); transformers' way to a tokenizer from
a GGUF gives wrong ids for both models, its way to weights is right. Needs `gguf` and `accelerate`. About ten minutes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent)]

import gguf  # noqa: E402
import torch  # noqa: E402
from transformers import AutoModelForCausalLM  # noqa: E402
from transformers.utils.chat_template_utils import render_jinja_template  # noqa: E402

from store import save, sha256  # noqa: E402
from vocabularies import gguf_bpe, gguf_pieces  # noqa: E402

SHORT = [
    "When Mary and John went to the store, John gave a drink to",
    "Monday, Tuesday, Wednesday,",
    "The capital of France is",
    "def add(a, b):\n    return",
    "1, 2, 3, 4, 5,",
    "Once upon a time, there was a little",
    "<|im_start|>user\nWhat is the opposite of hot?<|im_end|>\n<|im_start|>assistant\n",
    "The war lasted from the year 1732 to the year 17",
    "東京は日本の",
    "Le chat est assis sur la",
    "for (let i = 0; i < 10; i++) {\n  console.log(",
    "😀 😃 😄 😁",
    "x^2 + 2x + 1 = (x +",
    "It was the best of times, it was the worst of",
]
LONG = (
    "The house stood at the end of a long street, where the lamps were few and the gardens had grown wild. In the spring of 1894 "
    "a family of five moved in: a clockmaker, his wife, two daughters and an old uncle who never spoke of where he had been. Every "
    "morning the clockmaker wound forty clocks, and every evening he wrote down how many seconds each of them had lost. \"A clock,\" "
    "he said, \"is a promise; and a promise that is late is still a promise.\" His daughters laughed at this, but they kept his "
    "notebooks, and long after the shop was closed they could tell at what hour of what day the great storm had stopped all of "
    "them at once. Nobody else in the town remembered the storm. There were no broken roofs, no fallen trees, no line in the "
    "newspaper. Only the notebooks said so: on the 3rd of October, at 4:17 in the afternoon, forty clocks had stood still, and at "
    "4:18 they had gone on as if nothing had happened. "
)
CODE = (
    "import math\n\nclass Vector:\n    def __init__(self, x, y):\n        self.x = x\n        self.y = y\n\n    def length(self):\n"
    "        return math.sqrt(self.x ** 2 + self.y ** 2)\n\n    def __add__(self, other):\n        return Vector(self.x + other.x, "
    "self.y + other.y)\n\n    def __repr__(self):\n        return f\"Vector({self.x}, {self.y})\"\n\n"
)
# text, and how many tokens of it at most
PROMPTS: list[tuple[str, int]] = [(text, 256) for text in SHORT] + [
    (LONG, 64),
    (LONG, 128),
    (LONG, 255),
    (LONG + LONG, 256),
    (CODE, 200),
    (CODE + LONG, 256),
]
CHAT = [{"role": "user", "content": "What is the opposite of hot?"}]
STEPS = 64
POSITIONS = 4
COLUMNS = 256


def continuation(model, row: list[int]) -> tuple[list[int], list[float]]:
    """Greedy tokens, and by how much each one led. What generation with a cache gives is a guess, which passes without one check."""
    ids = torch.tensor([row])
    guess = model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=STEPS, min_new_tokens=STEPS, eos_token_id=None)
    new = guess[0, len(row) :].tolist()
    while True:
        best = model(torch.tensor([row + new])).logits[0, len(row) - 1 :].float().topk(2)
        own = best.indices[:, 0].tolist()
        agreed = next((i for i, (x, y) in enumerate(zip(new, own)) if x != y), len(new))
        print(f"guessed {agreed} of {len(new)}", flush=True)
        # The pass says one token more than was right.
        new = own[: agreed + 1][:STEPS]
        if len(new) == STEPS:
            return new, (best.values[:STEPS, 0] - best.values[:STEPS, 1]).tolist()


@torch.no_grad()
def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("id", choices=["smollm2-135m", "gemma-3-270m"])
    ap.add_argument("file", type=Path)
    ap.add_argument("--greedy", type=int, help="continue the first so many prompts only; default: all")
    a = ap.parse_args()
    meta = {k: f.contents() for k, f in gguf.GGUFReader(str(a.file)).fields.items() if k.startswith("tokenizer.")}
    gemma = a.id.startswith("gemma")
    tok = gguf_pieces(meta)[0] if gemma else gguf_bpe(meta)
    bos = [2] if gemma else []
    model = AutoModelForCausalLM.from_pretrained(str(a.file.parent), gguf_file=a.file.name, dtype=torch.float32, attn_implementation="eager").eval()
    prompts = PROMPTS + ([(LONG * 4, 700)] if gemma else [])
    ids = [(bos + tok.encode(text, add_special_tokens=False).ids)[:limit] for text, limit in prompts]
    template = meta.get("tokenizer.chat_template")
    if template and not gemma:
        (text,), _ = render_jinja_template([CHAT], chat_template=template, add_generation_prompt=True)
        ids.append(tok.encode(text, add_special_tokens=False).ids)
    columns = torch.arange(0, model.config.vocab_size, model.config.vocab_size // COLUMNS)
    tensors: dict[str, torch.Tensor] = {}
    top = []
    for i, row in enumerate(ids):
        logits = model(torch.tensor([row])).logits[0].float()
        positions = sorted({len(row) * k // POSITIONS for k in range(1, POSITIONS)} | {len(row) - 1})
        tensors[f"logits.{i}"] = logits[positions][:, columns]
        best = logits[positions].topk(11)
        total = logits[positions].double().logsumexp(-1)
        top.append({"positions": positions, "ids": best.indices.tolist(), "logits": best.values.tolist(), "logSumExp": total.tolist()})
        print(i, len(row), repr(tok.decode([best.indices[-1][0].item()])), flush=True)
    greedy = []
    for i, row in enumerate(ids[: a.greedy]):
        new, margins = continuation(model, row)
        greedy.append({"prompt": i, "tokens": new, "leastMargin": min(margins)})
        print(i, min(margins), repr(tok.decode(new)), flush=True)
    about = {"file": a.file.name, "sha256": sha256(a.file), "prompts": ids, "columns": columns.tolist(), "top": top, "greedy": greedy}
    save(f"real-{a.id}", tensors, about)


if __name__ == "__main__":
    main()
