"""The whole pipeline from one seed: text, tokenizer, rows, training, int8, scores, circuit, dictionaries, bundle, checks.

usage: run.py [--from STEP] [--only STEP ...] [--quick] [--list]
A step whose product exists is skipped, and training goes on from its checkpoint, so the command may be stopped and given again. `--from STEP` does that step and
everything after it anew. `--quick` makes a small bundle in a few minutes (for the pipeline's own sake: its scores are low), in out/quick.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from common import OUT, ROOT

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Size:
    """Tokens of text and steps of training."""
    documents: float = 24e6
    copy: float = 3e6
    puzzles: float = 2.3e6
    sae_text: float = 1.1e6
    copy_rows: int = 8000
    tokens: float = 15e6
    last_tokens: float = 1.6e6
    sae_steps: int = 2500
    sae_tokens: int = 700_000


QUICK = Size(documents=2e6, copy=0.3e6, puzzles=0.4e6, sae_text=0.2e6, copy_rows=800, tokens=1e6, last_tokens=0.2e6, sae_steps=200, sae_tokens=120_000)


@dataclass(frozen=True)
class Step:
    name: str
    command: list[str]
    product: Path


def steps(out: Path, z: Size) -> list[Step]:
    def text(name: str, seed: int, tokens: float, mix: str = "full") -> Step:
        f = out / f"{name}.jsonl"
        return Step(name, ["npx", "tsx", "scripts/curriculum-export.ts", "--documents", "--approx-tokens", str(int(tokens)), "--seed", str(seed), "--mix", mix, "--out", str(f)], f)

    def py(name: str, product: Path, script: str, *args: object) -> Step:
        return Step(name, [sys.executable, str(HERE / script), *map(str, args)], product)

    tok, first, model = out / "tokenizer", out / "primer", out / "primer-last"
    evals = out / "evals"
    return [
        text("documents", 1, z.documents),
        text("copy", 11, z.copy, "copy"),
        text("puzzles", 21, z.puzzles, "puzzles"),
        text("sae_documents", 500_002, z.sae_text),
        Step("evals", ["npx", "tsx", "scripts/curriculum-export.ts", "--evals", "--out", str(evals)], evals / "validation.jsonl"),
        py("tokenizer", tok / "tokenizer.json", "tokenizer.py", "--text", out / "documents.jsonl", "--evals", evals, "--out", tok),
        py("rows", out / "rows.npz", "data.py", "--docs", out / "documents.jsonl", "--copy", out / "copy.jsonl", "--copy-rows", z.copy_rows, "--tokenizer", tok / "tokenizer.json", "--out", out / "rows.npz"),
        py("puzzle_rows", out / "puzzle_rows.npz", "data.py", "--docs", out / "puzzles.jsonl", "--tokenizer", tok / "tokenizer.json", "--seed", 4, "--out", out / "puzzle_rows.npz"),
        py("train", first / "training.json", "train.py", "--rows", out / "rows.npz", "--evals", evals, "--tokenizer", tok, "--name", first.relative_to(OUT), "--tokens", z.tokens, "--decay", 0.49),
        py("train_last", model / "training.json", "train.py", "--rows", out / "puzzle_rows.npz", "--evals", evals, "--tokenizer", tok, "--name", model.relative_to(OUT), "--tokens", z.last_tokens,
           "--peak", 0.25, "--decay", 1, "--init", first / "hf", "--before", first / "training.json"),
        py("quantize", model / "hf-int8" / "config.json", "quantize.py", "--model", model),
        py("evaluate", model / "scores.json", "evaluate.py", "--model", model, "--evals", evals, "--tokenizer", tok),
        py("circuit", model / "circuit.json", "circuit.py", "--model", model, "--evals", evals, "--tokenizer", tok),
        py("sae_rows", out / "sae_rows.npz", "data.py", "--docs", out / "sae_documents.jsonl", "--tokenizer", tok / "tokenizer.json", "--seed", 2, "--out", out / "sae_rows.npz"),
        py("validation_rows", out / "validation_rows.npz", "data.py", "--docs", evals / "validation.jsonl", "--tokenizer", tok / "tokenizer.json", "--seed", 3, "--out", out / "validation_rows.npz"),
        py("saes", out / "saes" / "blocks.3.hook_mlp_out" / "scores.json", "saes.py", "--model", model, "--rows", out / "sae_rows.npz", "--validation", out / "validation_rows.npz", "--out", out / "saes",
           "--steps", z.sae_steps, "--tokens", z.sae_tokens, "--keep"),
        py("bundle", out / "bundled", "bundle.py", "--model", model, "--saes", out / "saes", "--tokenizer", tok),
        py("check", out / "checked", "test_bundle.py"),
    ]


def main() -> None:
    ap = argparse.ArgumentParser()
    ap.add_argument("--from", dest="start", default="", help="do this step and all after it anew")
    ap.add_argument("--only", nargs="*", default=[], help="do these steps only, anew")
    ap.add_argument("--quick", action="store_true")
    ap.add_argument("--list", action="store_true")
    a = ap.parse_args()
    out = OUT / "quick" if a.quick else OUT
    out.mkdir(parents=True, exist_ok=True)
    plan = steps(out, QUICK if a.quick else Size())
    names = [s.name for s in plan]
    for n in [a.start, *a.only]:
        if n and n not in names:
            ap.error(f"no step {n}; there are {', '.join(names)}")
    if a.list:
        return print("\n".join(f"{s.name}: {'done' if s.product.exists() else 'to do'}" for s in plan))
    anew = set(a.only) if a.only else set(names[names.index(a.start):]) if a.start else set()
    for s in plan:
        if a.only and s.name not in anew:
            continue
        if s.name in anew:
            for old in {"train": [out / "primer"], "train_last": [out / "primer-last"], "saes": [out / "saes"]}.get(s.name, []):
                shutil.rmtree(old, ignore_errors=True)
        elif s.product.exists():
            print(f"{s.name}: done before", flush=True)
            continue
        t0 = time.time()
        print(f"{s.name} ...", flush=True)
        subprocess.run(s.command, cwd=ROOT, check=True)
        if s.name in ("bundle", "check"):
            s.product.touch()
        print(f"{s.name}: {time.time() - t0:.0f} s", flush=True)


if __name__ == "__main__":
    main()
