"""Trains the byte-level BPE of `primer` on exported text.

usage: tokenizer.py --text out/documents.jsonl [--vocab 3072] [--evals out/evals]
Digits come in groups of at most two (a year is two tokens). No normalizer, no prefix space. Id 0 is <|endoftext|> = BOS = EOS = PAD.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from common import BOS_TEXT, OUT, read_jsonl, write_json

# GPT-2's pattern with digits in groups of at most two. Plain enough for JavaScript's `u` flag as well.
PATTERN = r"'(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}{1,2}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def build() -> Tokenizer:
    tok = Tokenizer(models.BPE(unk_token=None))
    tok.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PATTERN), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tok.decoder = decoders.ByteLevel()
    return tok


def words_of(path: Path) -> Counter:
    """Every answer word of the evaluation sets, so that what is graded is one token where a word can be."""
    c: Counter = Counter()
    for f in sorted(path.glob("*.jsonl")):
        for d in read_jsonl(f):
            for a in d.get("answers") or []:
                c.update(w for w in d["text"][a["start"]:a["end"]].split() if len(w) < 20)
    return c


def complete(data: dict) -> list[str]:
    """Adds every two-digit token that the merges left out, so that a year is always two tokens; returns the new ones in the order of their ids.
    Merges are appended, so nothing but a two-digit group without a space before it is split otherwise than before."""
    vocab, merges = data["model"]["vocab"], data["model"]["merges"]
    new = [p for p in (f"{i:02d}" for i in range(100)) if p not in vocab]
    as_list = not merges or isinstance(merges[0], list)
    for p in new:
        vocab[p] = len(vocab)
        merges.append([p[0], p[1]] if as_list else f"{p[0]} {p[1]}")
    return new


def main() -> None:
    ap = argparse.ArgumentParser()
    ap.add_argument("--text", nargs="+", default=[str(OUT / "documents.jsonl")])
    ap.add_argument("--evals", default=str(OUT / "evals"))
    ap.add_argument("--vocab", type=int, default=3072)
    ap.add_argument("--max-docs", type=int, default=150_000)
    ap.add_argument("--out", default=str(OUT / "tokenizer"))
    a = ap.parse_args()

    docs: list[str] = []
    for path in a.text:
        docs += [d["text"] for d in read_jsonl(path)[: a.max_docs]]
    answers = words_of(Path(a.evals))
    extra = [f" {i:02d}" for i in range(100)] * 40 + [f" {i}" for i in range(100)] * 40
    extra += [f" {w}" for w in answers for _ in range(40)]
    tok = build()
    trainer = trainers.BpeTrainer(vocab_size=a.vocab, special_tokens=[BOS_TEXT], min_frequency=2, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tok.train_from_iterator(docs + extra, trainer)
    assert tok.token_to_id(BOS_TEXT) == 0

    # Splitting report: distinct words of the text that are more than one token, by frequency.
    freq = Counter(w for d in docs[:30_000] for w in d.split())
    split = [(w, n) for w, n in freq.most_common() if len(tok.encode(" " + w.strip(".,:;!?()\"'")).ids) > 1]
    bad = [w for w in answers if len(tok.encode(" " + w).ids) > 1]
    numbers = [s for i in range(100) for s in (f" {i:02d}", f" {i}") if len(tok.encode(s).ids) > 1]
    n = sum(len(e.ids) for e in tok.encode_batch(docs[:5000]))
    print(f"vocab {tok.get_vocab_size()}; {n / 5000:.1f} tokens a document; {len(split)} of {len(freq)} distinct words split; answers split {len(bad)}: {bad[:40]}")
    print("most frequent split words:", split[:60])
    assert not numbers, f"numbers that are not one token: {numbers}"
    for s in ("", "Hello, w\u00f6rld! \u4f60\u597d 12345", "  two  spaces\n\nand lines", " " + " ".join(map(str, range(40)))):
        assert tok.decode(tok.encode(s).ids) == s, s

    out = Path(a.out)
    out.mkdir(parents=True, exist_ok=True)
    tok.save(str(out / "tokenizer.json"))
    saved = json.loads((out / "tokenizer.json").read_text())
    saved["added_tokens"][0]["special"] = True
    print(f"{len(complete(saved))} two-digit tokens added after the merges")
    write_json(out / "tokenizer.json", saved)
    wide = Tokenizer.from_file(str(out / "tokenizer.json"))
    assert wide.encode("1732 in 05, 1905").tokens == ["17", "32", "\u0120in", "\u012005", ",", "\u012019", "05"], wide.encode("1732 in 05, 1905").tokens
    text = "When Mary and John went to the store, John gave a drink to Mary. 12 plus 7 is 19. 32 07 lamp"
    assert wide.encode(text).ids == tok.encode(text).ids
    write_json(out / "tokenizer_config.json", {
        "add_prefix_space": False, "add_bos_token": True, "bos_token": BOS_TEXT, "eos_token": BOS_TEXT, "pad_token": BOS_TEXT, "unk_token": BOS_TEXT,
        "clean_up_tokenization_spaces": False, "model_max_length": 128, "tokenizer_class": "PreTrainedTokenizerFast",
        "added_tokens_decoder": {"0": {"content": BOS_TEXT, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}},
    })


if __name__ == "__main__":
    main()
