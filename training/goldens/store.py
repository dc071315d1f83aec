"""How goldens are written: one safetensors file of float32 tensors and one JSON of what they are."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

ROOT = Path(__file__).resolve().parent.parent.parent
TESTDATA = ROOT / "workers" / "testdata"
LIMIT = 6_000_000


def save(name: str, tensors: dict[str, Tensor], meta: dict) -> None:
    TESTDATA.mkdir(parents=True, exist_ok=True)
    # clone: safetensors refuses tensors that share memory.
    save_file({k: v.detach().to(torch.float32).clone().contiguous() for k, v in tensors.items()}, str(TESTDATA / f"{name}.safetensors"))
    (TESTDATA / f"{name}.safetensors").chmod(0o644)
    save_json(name, meta)


def save_json(name: str, value) -> None:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    # mtime 0: the same content gives the same bytes.
    (TESTDATA / f"{name}.json.gz").write_bytes(gzip.compress(text, 9, mtime=0))


def relative(a: Tensor, b: Tensor) -> float:
    """max |a - b| / max |b|, over entries that are finite in b."""
    a, b = a.double(), b.double()
    ok = torch.isfinite(b)
    assert torch.equal(ok, torch.isfinite(a))
    a, b = a[ok], b[ok]
    size = b.abs().max().item() if b.numel() else 0
    worst = (a - b).abs().max().item() if b.numel() else 0
    return worst if size == 0 else worst / size


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def total() -> int:
    return sum(p.stat().st_size for p in TESTDATA.rglob("*") if p.is_file())
