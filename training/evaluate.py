from __future__ import annotations
from pathlib import Path
import torch
from common import BOS, CTX, encode, load_tokenizer, pad, read_jsonl

def quick_sets(folder: Path, limit: int = 96):
    tok = load_tokenizer(folder.parent / "tokenizer" / "tokenizer.json")
    sets = {}
    for f in sorted(folder.glob("*.jsonl")):
        if f.stem == "ioi_abc": continue
        docs = read_jsonl(f)[:limit]
        items = [encode(tok, d) + (d,) for d in docs]
        sets[f.stem] = [x for x in items if len(x[0]) <= CTX and x[1]]
    return {k: v for k, v in sets.items() if v}

@torch.no_grad()
def quick(m, sets):
    out = {}
    for k, items in sets.items():
        ok = n = 0
        for i in range(0, len(items), 48):
            part = items[i:i + 48]
            best = m(pad([x[0] for x in part])).argmax(-1)
            for row, (ids, spans, d) in zip(best, part):
                for s in spans:
                    if not s: continue
                    ok += all(int(row[p - 1]) == ids[p] for p in s); n += 1
        out[k] = ok / max(1, n)
    return out
