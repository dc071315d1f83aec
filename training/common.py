"""Paths, JSONL and tokens: what every step of the pipeline shares."""

from __future__ import annotations

import json
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "training" / "out"
MODEL_DIR = ROOT / "public" / "models" / "primer"
SAE_DIR = ROOT / "public" / "saes" / "primer"
BOS = 0
BOS_TEXT = "<|endoftext|>"
CTX = 128


def read_jsonl(path) -> list[dict]:
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.strip()]


def write_json(path, value) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load_tokenizer(path=None):
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(path or OUT / "tokenizer" / "tokenizer.json"))


def encode(tok, doc: dict) -> tuple[list[int], list[list[int]]]:
    """Ids with BOS in front, and for each marked answer the positions of its tokens (in the sequence with BOS)."""
    return align(tok.encode(doc["text"]), doc)


def align(e, doc: dict) -> tuple[list[int], list[list[int]]]:
    spans, i, n = [], 0, len(e.ids)
    for a in sorted(doc.get("answers") or [], key=lambda a: a["start"]):
        while i < n and e.offsets[i][1] <= a["start"]:
            i += 1
        j, at = i, []
        while j < n and e.offsets[j][0] < a["end"]:
            at.append(j + 1)
            j += 1
        spans.append(at)
    return [BOS] + e.ids, spans


def pad(seqs: list[list[int]]) -> torch.Tensor:
    out = torch.zeros(len(seqs), max(map(len, seqs)), dtype=torch.long)
    for i, s in enumerate(seqs):
        out[i, : len(s)] = torch.tensor(s)
    return out


def write_jsonl(path, rows) -> None:
    with open(path, "w", encoding="utf-8") as f:
        for r in rows:
            f.write(json.dumps(r) + "\n")
