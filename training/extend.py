"""Completes the two-digit tokens of a trained vocabulary, and widens a checkpoint to match: "1732" is then always two tokens, " 17" and "32".

usage: extend.py --model out/primer --out out/wide    -> out/wide/tokenizer/*, out/wide/hf
A new row starts from the mean of the two-digit tokens that exist, shifted by what tells " 32" from the other spaced numbers. Merges are appended, so nothing
but a two-digit group without a space before it is split otherwise than before.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import torch

from common import OUT, load_tokenizer, write_json
from model import GPT, Config, check_against_transformers
from quantize import load_hf

PAIRS = [f"{i:02d}" for i in range(100)]


def complete(src: Path, dst: Path) -> list[str]:
    """Writes the tokenizer with every two-digit token; returns the new ones in the order of their ids."""
    data = json.loads((src / "tokenizer.json").read_text())
    vocab, merges = data["model"]["vocab"], data["model"]["merges"]
    new = [p for p in PAIRS if p not in vocab]
    as_list = not merges or isinstance(merges[0], list)
    for p in new:
        vocab[p] = len(vocab)
        merges.append([p[0], p[1]] if as_list else f"{p[0]} {p[1]}")
    dst.mkdir(parents=True, exist_ok=True)
    write_json(dst / "tokenizer.json", data)
    shutil.copyfile(src / "tokenizer_config.json", dst / "tokenizer_config.json")
    return new


@torch.no_grad()
def widen(m: GPT, old, tok) -> GPT:
    """The same model with rows for the new tokens of `tok`; every old row is kept."""
    wide = GPT(Config(**{**m.c.dict(), "vocab": tok.get_vocab_size()}))
    state = {k: v.clone() for k, v in m.state_dict().items()}
    have = [p for p in PAIRS if old.token_to_id(p) is not None]
    w = m.wte.weight
    bare = torch.stack([w[old.token_to_id(p)] for p in have]).mean(0)
    spaced = torch.stack([w[old.encode(f" {p}").ids[0]] for p in have]).mean(0)
    rows = {tok.token_to_id(p): bare + w[old.encode(f" {p}").ids[0]] - spaced for p in PAIRS if p not in have}
    state["wte.weight"] = torch.cat([w, torch.stack([rows[i] for i in range(m.c.vocab, tok.get_vocab_size())])])
    wide.load_state_dict(state)
    return wide.eval()


def main() -> None:
    ap = argparse.ArgumentParser()
    ap.add_argument("--model", default=str(OUT / "primer"))
    ap.add_argument("--tokenizer", default=str(OUT / "tokenizer"))
    ap.add_argument("--out", default=str(OUT / "wide"))
    a = ap.parse_args()
    dst = Path(a.out)
    new = complete(Path(a.tokenizer), dst / "tokenizer")
    old, tok = load_tokenizer(Path(a.tokenizer) / "tokenizer.json"), load_tokenizer(dst / "tokenizer" / "tokenizer.json")
    assert tok.encode("1732 in 05, 1905").tokens == ["17", "32", "Ġin", "Ġ05", ",", "Ġ19", "05"], tok.encode("1732 in 05, 1905").tokens
    for text in ("When Mary and John went to the store, John gave a drink to Mary. 12 plus 7 is 19.", " 32 07 lamp"):
        assert tok.encode(text).ids == old.encode(text).ids, text
    from train import save_hf
    m = widen(load_hf(Path(a.model) / "hf"), old, tok)
    save_hf(m, dst / "hf")
    print(f"{len(new)} tokens added, vocabulary {m.c.vocab}; max |logit - transformers| {check_against_transformers(m, str(dst / 'hf')):.1e}")


if __name__ == "__main__":
    main()
