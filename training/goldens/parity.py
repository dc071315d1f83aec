"""Markdown tables of measured errors, for docs/parity.md.

usage: PARITY_REPORT=parity.jsonl npx vitest run workers/golden; python training/goldens/parity.py parity.jsonl
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict

BACKENDS = ("cpu", "wasm", "webgpu")
ROWS = [  # kind, weights, dtype, title
    ("activation", "tiny", "f32", "every hook, float32"), ("logits", "tiny", "f32", "logits, float32"), ("activation", "tiny", "int8", "hooks, int8"), ("logits", "tiny", "int8", "logits, int8"),
    ("activation", "tiny", "int4", "hooks, int4"), ("logits", "tiny", "int4", "logits, int4"), ("edited logits", "tiny", "f32", "logits under interventions"), ("gradient", "tiny", "f32", "gradients"),
    ("SAE", "tiny", "f32", "SAEs: features, reconstruction, gradient"), ("activation", "primer", "f32", "primer: every hook, float32"), ("activation", "primer", "int8", "primer: every hook, int8"),
    ("activation", "primer", "int4", "primer: last residual, int4"), ("logits", "primer", "f32", "primer: logits, float32"), ("logits", "primer", "int8", "primer: logits, int8"), ("logits", "primer", "int4", "primer: logits, int4"),
    ("log probability, nats", "primer", "int8", "primer: log-probabilities of the top ten (nats, absolute)"), ("gradient", "primer", "int8", "primer: gradients, int8"),
    ("SAE features", "primer", "int8", "primer: SAE features, int8"), ("SAE reconstruction", "primer", "int8", "primer: SAE reconstructions, int8"), ("invariant", "tiny", "f32", "invariants I1, I2, I3, I10, tiny"),
    ("invariant", "primer", "int8", "invariants I1, I2, I3, I10, primer"), ("cached generation, nats", "tiny", "f32", "cached against uncached generation (nats, absolute)"),
    ("distance from the float32 weights", "tiny", "int8", "int8 against the original float32 weights"), ("distance from the float32 weights", "tiny", "int4", "int4 against the original float32 weights"),
    ("distance from int8", "primer", "int4", "primer: int4 against int8"),
]


def main() -> None:
    worst: dict = defaultdict(lambda: (0.0, ""))
    count: dict = defaultdict(int)
    for line in open(sys.argv[1], encoding="utf-8"):
        r = json.loads(line)
        key = (r["kind"], "primer" if r["of"].startswith("primer") else "tiny", r["dtype"], r["backend"])
        count[key] += 1
        worst[key] = max(worst[key], (r["error"], r["of"]))
    print("| what | " + " | ".join(BACKENDS) + " | compared | worst at |\n|---|" + "---|" * (len(BACKENDS) + 2))
    seen = set()
    for kind, weights, dtype, title in ROWS:
        keys = [(kind, weights, dtype, b) for b in BACKENDS]
        seen.update(keys)
        cells = [f"{worst[k][0]:.1e}" if k in count else "–" for k in keys]
        at = max((worst[k] for k in keys if k in count), default=(0, "–"))[1]
        print(f"| {title} | " + " | ".join(cells) + f" | {sum(count[k] for k in keys if k in count)} | {at.removeprefix('primer ')} |")
    missing = {k[:3] for k in count if k not in seen}
    assert not missing, missing


if __name__ == "__main__":
    main()
