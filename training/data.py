"""Packs exported documents into training rows.

usage: data.py --docs out/documents.jsonl [--copy out/copy.jsonl --copy-rows 8000] --out out/rows.npz
A row is BOS, document, BOS, document, ... cut at 129 tokens (128 inputs and their targets), so documents start at varied positions.
Loss weights per target: answers `ANSWER`; tokens of random strings that nothing predicts `NOISE`; the rest 1.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import numpy as np

from common import CTX, OUT, align, load_tokenizer

ANSWER, NOISE = 2.0, 0.25


def documents(path: str, tok, batch: int = 4000):
    """Yields (population, ids without BOS, weights) in the file's order."""
    def flush(lines):
        docs = [json.loads(x) for x in lines]
        for d, e in zip(docs, tok.encode_batch([d["text"] for d in docs])):
            ids, spans = align(e, d)
            w = np.full(len(ids) - 1, NOISE if d["population"].startswith("repeat") else 1.0, dtype=np.float32)
            for s in spans:
                for p in s:
                    w[p - 1] = ANSWER
            yield d["population"], ids[1:], w

    lines: list[str] = []
    with open(path, encoding="utf-8") as f:
        for line in f:
            lines.append(line)
            if len(lines) == batch:
                yield from flush(lines)
                lines = []
    if lines:
        yield from flush(lines)


def pack(path: str, tok, seed: int, pool_size: int = 256):
    rng = random.Random(seed)
    rows, weights, counts, pool = [], [], {}, []
    source = documents(path, tok)
    width = CTX + 1

    def refill() -> None:
        for pop, ids, w in source:
            counts[pop] = counts.get(pop, 0) + len(ids) + 1
            pool.append((ids, w))
            if len(pool) >= pool_size:
                return

    refill()
    while len(pool) > 16:
        row, wt = [0], [1.0]
        while len(row) < width:
            room = width - len(row)
            pick = None
            for _ in range(12):
                i = rng.randrange(len(pool))
                if len(pool[i][0]) + 1 <= room:
                    pick = i
                    break
            if pick is None:
                pick = rng.randrange(len(pool))  # nothing fits: the last document of the row is cut
            pool[pick], pool[-1] = pool[-1], pool[pick]
            ids, w = pool.pop()
            row += list(ids) + [0]
            wt += list(w) + [1.0]
            if len(pool) < pool_size // 2:
                refill()
            if not pool:
                break
        if len(row) >= width:
            rows.append(np.array(row[:width], dtype=np.uint16))
            weights.append(np.array(wt[1:width], dtype=np.float16))
    return np.stack(rows), np.stack(weights), counts


def main() -> None:
    ap = argparse.ArgumentParser()
    ap.add_argument("--docs", default=str(OUT / "documents.jsonl"))
    ap.add_argument("--copy", default="")
    ap.add_argument("--copy-rows", type=int, default=8000, help="how many rows of the copy-heavy text go first")
    ap.add_argument("--tokenizer", default="")
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--out", default=str(OUT / "rows.npz"))
    a = ap.parse_args()
    tok = load_tokenizer(a.tokenizer or None)
    rows, weights, counts = pack(a.docs, tok, a.seed)
    total = sum(counts.values())
    print("main", rows.shape, {k: round(v / total, 3) for k, v in sorted(counts.items())})
    if a.copy:
        r2, w2, c2 = pack(a.copy, tok, a.seed + 1)
        t2 = sum(c2.values())
        print("copy", r2.shape, {k: round(v / t2, 3) for k, v in sorted(c2.items())})
        rows, weights = np.concatenate([r2[: a.copy_rows], rows]), np.concatenate([w2[: a.copy_rows], weights])
    Path(a.out).parent.mkdir(parents=True, exist_ok=True)
    np.savez(a.out, rows=rows, weights=weights)


if __name__ == "__main__":
    main()
