"""Writes public/models/primer and public/saes/primer from what the other steps left in training/out.

usage: bundle.py --model out/primer --saes out/saes [--tokenizer out/tokenizer]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from pathlib import Path

from safetensors import safe_open

from common import MODEL_DIR, OUT, ROOT, SAE_DIR, write_json
from quantize import GROUP

LIMIT = 25 * 1024 * 1024
EXAMPLES = [
    {"title": "Indirect object", "prompt": "When Mary and John went to the store, John gave a drink to", "shows": "ioi"},
    {"title": "Induction", "prompt": " lamp river Tom cake onion lamp river Tom cake", "shows": "repeat"},
    {"title": "Greater than", "prompt": "The war lasted from the year 1732 to the year 17", "shows": "greaterThan"},
    {"title": "What comes next", "prompt": "Today is Monday, so tomorrow is", "shows": "sequence"},
    {"title": "A rule from examples", "prompt": " big: small; hot: cold; wet: dry; fast: slow; old:", "shows": "inContext"},
    {"title": "Worked puzzle", "prompt": "Anna has 4 apples and gets 5 more. How many apples does Anna have now?", "shows": "puzzle"},
]


def digest(path: Path) -> dict:
    b = path.read_bytes()
    return {"bytes": len(b), "sha256": hashlib.sha256(b).hexdigest()}


def memory_bytes(path: Path) -> tuple[int, int]:
    """Bytes of all tensors, and of the largest one."""
    size = {"I8": 1, "F32": 4}
    sizes = []
    with safe_open(str(path), "pt") as f:
        for k in f.keys():
            s = f.get_slice(k)
            n = size[s.get_dtype()]
            for x in s.get_shape():
                n *= x
            sizes.append(n)
    return sum(sizes), max(sizes)


def main() -> None:
    ap = argparse.ArgumentParser()
    ap.add_argument("--model", default=str(OUT / "primer"))
    ap.add_argument("--saes", default=str(OUT / "saes"))
    ap.add_argument("--tokenizer", default=str(OUT / "tokenizer"))
    ap.add_argument("--examples", default=str(OUT / "examples.json"))
    a = ap.parse_args()
    src = Path(a.model)
    for d in (MODEL_DIR, SAE_DIR):
        shutil.rmtree(d, ignore_errors=True)
        d.mkdir(parents=True)
    roles = {"config.json": "config", "tokenizer.json": "tokenizer", "tokenizer_config.json": "tokenizer-config", "model.int8.safetensors": "weights",
             "README.md": "card", "scores.json": "scores"}
    shutil.copyfile(src / "hf-int8" / "config.json", MODEL_DIR / "config.json")
    for f in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(Path(a.tokenizer) / f, MODEL_DIR / f)
    shutil.copyfile(src / "int8.safetensors", MODEL_DIR / "model.int8.safetensors")

    saes = []
    for folder in sorted(Path(a.saes).iterdir()):
        if not (folder / "scores.json").exists():
            continue
        dst = SAE_DIR / folder.name
        dst.mkdir()
        for f in ("cfg.json", "sae_weights.int8.safetensors", "scores.json"):
            shutil.copyfile(folder / f, dst / f)
        s = json.loads((folder / "scores.json").read_text())
        path = dst / "sae_weights.int8.safetensors"
        saes.append(dict(id=folder.name, hookName=s["hookName"], path=f"../../saes/primer/{folder.name}/sae_weights.int8.safetensors", **digest(path),
                         cfg=f"../../saes/primer/{folder.name}/cfg.json", dIn=s["dIn"], dSae=s["dSae"], architecture="jumprelu", l0=s["l0"], fvu=s["fvu"],
                         ceIncrease=s["ceIncrease"], ceRecovered=s["ceRecovered"], dead=s["dead"], deadTokens=s["deadTokens"]))
    training = json.loads((src / "training.json").read_text())
    scores_path = src / "scores.json"
    scores = json.loads(scores_path.read_text()) if scores_path.exists() else {"note": "an early checkpoint; not evaluated"}
    if (src / "circuit.json").exists():
        scores["circuit"] = json.loads((src / "circuit.json").read_text())
    scores["saes"] = {s["id"]: {k: s[k] for k in ("l0", "fvu", "ceIncrease", "ceRecovered", "dead")} for s in saes}
    write_json(MODEL_DIR / "scores.json", scores)
    from card import card
    config = json.loads((MODEL_DIR / "config.json").read_text())
    (MODEL_DIR / "README.md").write_text(card(scores, training, config, saes), encoding="utf-8")

    total, largest = memory_bytes(MODEL_DIR / "model.int8.safetensors")
    examples = json.loads(Path(a.examples).read_text()) if Path(a.examples).exists() else EXAMPLES
    manifest = dict(
        format="vitrine-bundle/1", id="primer", name="primer", family="gpt2", license="Apache-2.0", config=config,
        files=[dict(path=p, **digest(MODEL_DIR / p), role=r) for p, r in roles.items()],
        quantization=dict(kind="int8", group=GROUP), requires=dict(memoryBytes=total, maxBufferBytes=largest),
        parameters=training["parameters"], trainedTokens=training["tokens"], seed=training["seed"], saes=saes, card="README.md", scores="scores.json", examples=examples)
    write_json(MODEL_DIR / "manifest.json", manifest)
    used = sum(f.stat().st_size for d in (MODEL_DIR, SAE_DIR) for f in d.rglob("*") if f.is_file())
    assert used <= LIMIT, f"{used} bytes embedded, {LIMIT} allowed"
    print(f"bundle: {used / 1e6:.2f} MB ({len(saes)} SAEs) in {MODEL_DIR.relative_to(ROOT)} and {SAE_DIR.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
