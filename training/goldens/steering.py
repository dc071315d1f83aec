"""Greedy steered continuations of the tiny models in float64: tokens, steered logits, KL, losses, readings.

Written from labs/steering/README.md, with TransformerLens in double precision and the whole text recomputed for every token.
"""

from __future__ import annotations

import torch
from sae_lens import SAE
from torch import Tensor

from oracle import Lens, Oracle
from store import TESTDATA, save

PROMPT = [0, 5, 17, 3, 9]
NEW = 9
# Largest known activation of every feature; the files themselves name none.
MAX = 2.5
SAES = ("jumprelu", "jumprelu_z", "standard", "topk")


def feature(sae: str, n: int, strength: float, mode: str = "add", positions: str = "all", muted: bool = False) -> dict:
    return dict(kind="feature", sae=f"tiny/{sae}", feature=n, strength=strength, mode=mode, positions=positions, muted=muted)


def contrast(hook: str, pairs: list[tuple[str, str]], token, strength: float, positions: str = "all") -> dict:
    return dict(kind="contrast", hook=hook, pairs=[dict(positive=a, negative=b) for a, b in pairs], token=token, label="", strength=strength, positions=positions, muted=False)


def vector(hook: str, width: int, strength: float, positions: str = "all") -> dict:
    values = [round(v, 4) for v in torch.randn(width, generator=torch.Generator().manual_seed(width)).tolist()]
    return dict(kind="vector", hook=hook, values=values, label="", strength=strength, positions=positions, muted=False)


# Texts are ids with spaces between; the beginning of the text comes by itself.
PAIRS = [("4 9 30", "4 9 2 11"), ("16 7", "16 28 3")]
CASES: dict[str, list[dict]] = {
    "nothing": [],
    "muted": [feature("jumprelu", 4, 3, muted=True)],
    "add a feature everywhere": [feature("jumprelu", 4, 2)],
    "take a feature away where tokens are new": [feature("standard", 7, -1.6, positions="generated")],
    "set a feature": [feature("jumprelu", 11, 1.2, "clamp")],
    "switch a feature off in the prompt": [feature("topk", 3, 0, "clamp", "prompt")],
    "a feature of the heads": [feature("jumprelu_z", 9, 1.5)],
    "set a feature of the heads, new tokens": [feature("jumprelu_z", 2, -1, "clamp", "generated")],
    "contrast at the last token": [contrast("blocks.0.hook_resid_post", PAIRS[:1], -1, 1.5)],
    "contrast averaged over tokens and pairs": [contrast("blocks.1.hook_resid_pre", PAIRS, "mean", -2, "generated")],
    "contrast of the heads": [contrast("blocks.1.attn.hook_z", PAIRS, 2, 2)],
    "a vector": [vector("blocks.0.hook_mlp_out", 32, 0.7, "prompt")],
    "many hands": [feature("jumprelu", 4, 1), feature("jumprelu", 11, 0.8, "clamp"), contrast("blocks.0.hook_resid_post", PAIRS, -1, -0.5),
                   feature("topk", 5, -1, positions="generated"), vector("blocks.1.hook_resid_post", 32, 0.4, "generated")],
}


class Bench:
    """One model in double precision, with the dictionaries."""

    def __init__(self, lens: Lens):
        self.lens = lens
        self.saes = {}
        for name in SAES:
            sae = SAE.load_from_disk(str(TESTDATA / "tiny-saes" / name), device="cpu").double().eval()
            if name.endswith("_z"):
                sae.turn_off_forward_pass_hook_z_reshaping()
                sae.hook_z_reshaping_mode = False
            self.saes[f"tiny/{name}"] = (sae.cfg.metadata.hook_name, sae)

    def capture(self, row: list[int], hook: str, edit=None) -> tuple[Tensor, Tensor]:
        """Value at a hook after the edits, heads flattened [pos, width], and the logits [pos, vocab]."""
        seen: dict[str, Tensor] = {}

        def tap(name: str, x: Tensor) -> Tensor:
            y = edit(name, x) if edit else x
            seen[name] = y
            return y
        with torch.no_grad():
            logits = self.lens.run([row], tap, frozenset())[0]
        return seen[hook][0].flatten(1), logits

    def features(self, sae, x: Tensor) -> Tensor:
        with torch.no_grad():
            return sae.encode(x)

    def direction(self, steer: dict) -> Tensor:
        """What a strength of 1 adds; of a clamped feature its decoder row alone."""
        if steer["kind"] == "feature":
            row = self.saes[steer["sae"]][1].W_dec[steer["feature"]].detach().double()
            return row if steer["mode"] == "clamp" else MAX * row
        if steer["kind"] == "vector":
            return torch.tensor(steer["values"], dtype=torch.float64)
        total = 0
        for pair in steer["pairs"]:
            for side, sign in (("positive", 1), ("negative", -1)):
                row = [0, *map(int, pair[side].split())]
                h, _ = self.capture(row, steer["hook"])
                total = total + sign * (h[1:].mean(0) if steer["token"] == "mean" else h[steer["token"]])
        return total / len(steer["pairs"])

    def hook(self, steer: dict) -> str:
        return self.saes[steer["sae"]][0] if steer["kind"] == "feature" else steer["hook"]

    def edit(self, steers: list[dict]):
        ready = [(s, self.hook(s), self.direction(s)) for s in steers if not s["muted"]]

        def apply(name: str, x: Tensor) -> Tensor:
            for s, hook, d in ready:
                if hook != name:
                    continue
                flat = x[0].flatten(1).clone()
                where = {"all": slice(None), "prompt": slice(0, len(PROMPT)), "generated": slice(len(PROMPT), None)}[s["positions"]]
                if s["kind"] == "feature" and s["mode"] == "clamp":
                    f = self.features(self.saes[s["sae"]][1], flat)[:, s["feature"]]
                    flat[where] += ((s["strength"] * MAX - f)[:, None] * d)[where]
                else:
                    flat[where] += s["strength"] * d
                x = flat.reshape(x.shape)
            return x
        return apply

    def write(self, edit) -> list[int]:
        row = list(PROMPT)
        for _ in range(NEW):
            _, logits = self.capture(row, "hook_embed", edit)
            order = logits[-1].sort(descending=True)
            assert order.values[0] - order.values[1] > 1e-4, "a tie: float32 may decide otherwise"
            row.append(int(order.indices[0]))
            if row[-1] == 0:
                break
        return row[len(PROMPT):]

    def reading(self, steer: dict, row: list[int], edit) -> float:
        x, _ = self.capture(row, self.hook(steer), edit)
        new = x[len(PROMPT):]
        if steer["kind"] == "feature":
            return self.features(self.saes[steer["sae"]][1], new)[:, steer["feature"]].mean().item()
        v = self.direction(steer)
        return ((new @ v) / (v @ v)).mean().item()


def measure(bench: Bench, steers: list[dict]) -> tuple[dict, dict[str, Tensor]]:
    edit = bench.edit(steers)
    default, tokens = bench.write(None), bench.write(edit)
    row, plain = PROMPT + tokens, PROMPT + default
    at = slice(len(PROMPT) - 1, len(PROMPT) - 1 + len(tokens))
    _, steered = bench.capture(row, "hook_embed", edit)
    _, without = bench.capture(row, "hook_embed")
    _, by_itself = bench.capture(plain, "hook_embed")
    p, q = steered[at].log_softmax(-1), without[at].log_softmax(-1)
    d = by_itself[len(PROMPT) - 1: len(PROMPT) - 1 + len(default)].log_softmax(-1)
    loss = -q[torch.arange(len(tokens)), tokens].mean().item()
    readings = [dict(default=bench.reading(s, plain, None), text=bench.reading(s, row, None), steered=bench.reading(s, row, edit)) for s in steers]
    meta = dict(steers=steers, default=default, steered=tokens, loss=dict(default=-d[torch.arange(len(default)), default].mean().item(), steered=loss), readings=readings,
                norms=[bench.saes[s["sae"]][1].W_dec[s["feature"]].norm().item() if s["kind"] == "feature" else bench.direction(s).norm().item() for s in steers])
    return meta, {"steered": steered[at], "kl": (p.exp() * (p - q)).sum(-1)}


def make() -> None:
    tensors: dict[str, Tensor] = {}
    meta: dict = dict(prompt=PROMPT, newTokens=NEW, max=MAX, cases={})
    for family in ("gpt2", "llama"):
        bench = Bench(Lens(Oracle.load(TESTDATA / f"tiny-{family}").hf, torch.float64))
        changed = 0
        for i, (label, steers) in enumerate(CASES.items()):
            facts, found = measure(bench, steers)
            changed += facts["steered"] != facts["default"]
            meta["cases"].setdefault(family, {})[label] = facts
            tensors |= {f"{family}/{i}/{name}": x for name, x in found.items()}
        assert changed >= 6, changed
        print(f"steering, tiny {family}: {len(CASES)} cases, {changed} with other tokens than the default")
    save("steering", tensors, meta)
