"""Interventions (the JSON of core/interventions.ts) as edits made with PyTorch hooks, written from their documentation and not from workers/model."""

from __future__ import annotations

import torch
from torch import Tensor

from oracle import ON_REQUEST, Lens, Oracle, Tap, captured

QUERY = ("attn_scores", "pattern")


def positions_of(positions, length: int) -> list[int]:
    """Absolute positions in a prompt of this length; no generation here, so `generated` is empty."""
    if positions in (None, "all", "prompt"):
        return list(range(length))
    if positions == "generated":
        return []
    absolute = [length + p if p < 0 else p for p in positions]
    return sorted({p for p in absolute if 0 <= p < length})


class Editor:
    """A tap that applies a plan to a batch of rows. `saes` maps an id to (hook name, SAELens SAE)."""

    def __init__(self, model: Oracle | Lens, plan: dict, rows: list[list[int]], saes: dict):
        self.model, self.rows, self.saes = model, rows, saes
        self.prompts = plan.get("prompts", rows)
        self.cache: dict = {}
        self.edits: list = []
        for i in plan["interventions"]:
            for hook in self._hooks(i):
                self.edits.append((hook, i))
        self.requested = frozenset(h for h, _ in self.edits if h.endswith(ON_REQUEST))
        for hook, i in self.edits:
            for prompt in self._prompts(i):
                self.cache[prompt, hook] = self._unedited(prompt, hook)

    def __call__(self, name: str, x: Tensor) -> Tensor:
        for hook, i in self.edits:
            if hook == name:
                x = getattr(self, "_" + i["kind"])(i, name, x)
        return x

    def run(self, tap: Tap | None = None, requested: frozenset[str] = frozenset()) -> Tensor:
        """Logits under the plan; `tap` sees each value after the edits."""
        after = tap or (lambda _n, v: v)
        return self.model.run(self.rows, lambda n, v: after(n, self(n, v)), self.requested | requested)

    def _hooks(self, i: dict) -> list[str]:
        if i["kind"] == "saeFeature":
            return [self.saes[i["sae"]][0]]
        if i["kind"] in ("blockAttention", "freezePattern"):
            return [f"blocks.{layer}.attn.hook_{'attn_scores' if i['kind'] == 'blockAttention' else 'pattern'}" for layer in i["layers"]]
        return [i["hook"]]

    def _prompts(self, i: dict) -> list[int | None]:
        """Whose unedited values an intervention reads; None: the rows' own."""
        if i["kind"] == "patch":
            return [i["prompt"]]
        if i["kind"] == "mean":
            return list(i.get("prompts", range(len(self.prompts))))
        if i["kind"] == "freezePattern":
            return [i.get("prompt")]
        if i["kind"] == "add" and i["vector"]["from"] == "contrast":
            return [i["vector"]["positive"], i["vector"]["negative"]]
        return []

    def _unedited(self, prompt: int | None, hook: str) -> Tensor:
        """Value at the hook in a run of its own: of one prompt, without batch axis; or of the rows, with it."""
        request = frozenset([hook]) if hook.endswith(ON_REQUEST) else frozenset()
        value = captured(self.model, self.rows if prompt is None else [self.prompts[prompt]], request)[1][hook]
        return value if prompt is None else value[0]

    def _source(self, prompt: int | None, hook: str) -> Tensor:
        return self.cache[prompt, hook]

    def _index(self, i: dict, hook: str, row: int, position: int) -> tuple:
        """Index of one position of one row, limited to the heads and units of the edit."""
        heads = i.get("heads")
        units = i.get("units")
        if hook.endswith(QUERY):
            at = [row, slice(None) if heads is None else heads, position, slice(None)]
        else:
            at = [row, position]
            if heads is not None:
                at.append(heads)
        if units is not None:
            return (*at, units) if heads is None or hook.endswith(QUERY) else (row, position, torch.tensor(heads)[:, None], torch.tensor(units))
        return tuple(at)

    def _each(self, i: dict, hook: str, x: Tensor, value) -> Tensor:
        """`value(row, position, old whole slice)` at every place of the edit; None leaves it alone."""
        out = x.clone()
        for row, tokens in enumerate(self.rows):
            for p in positions_of(i.get("positions"), len(tokens)):
                old = x[row, :, p] if hook.endswith(QUERY) else x[row, p]
                new = value(row, p, old)
                if new is None:
                    continue
                whole = new.expand_as(old)
                index = self._index(i, hook, row, p)
                inner = tuple(index[1:2] + index[3:]) if hook.endswith(QUERY) else tuple(index[2:])
                out[index] = whole[inner] if inner else whole
        return out

    def _zero(self, i, hook, x):
        return self._each(i, hook, x, lambda _r, _p, old: torch.zeros_like(old))

    def _scale(self, i, hook, x):
        return self._each(i, hook, x, lambda _r, _p, old: old * i["factor"])

    def _mean(self, i, hook, x):
        sources = [self._source(p, hook) for p in i.get("prompts", range(len(self.prompts)))]
        if i["over"] == "batch+positions":
            bos = int(self.prompts[0][0] == self.model.config.bos_token_id)
            mean = torch.cat([s[bos:] for s in sources]).mean(0)
            return self._each(i, hook, x, lambda _r, _p, _old: mean)

        def value(_row, p, _old):
            reach = [s[p] for s in sources if len(s) > p]
            return torch.stack(reach).mean(0) if reach else None
        return self._each(i, hook, x, value)

    def _slice(self, source: Tensor, hook: str, position: int, width: int) -> Tensor | None:
        """A source's value at one position; patterns are cut or padded to this run's keys."""
        if not hook.endswith(QUERY):
            return source[position] if position < len(source) else None
        if position >= source.shape[1]:
            return None
        row = source[:, position, :width]
        return torch.nn.functional.pad(row, (0, width - row.shape[1]))

    def _patch(self, i, hook, x):
        source = self._source(i["prompt"], hook)
        if "sourcePositions" not in i:
            return self._each(i, hook, x, lambda _r, p, _old: self._slice(source, hook, p, x.shape[-1]))
        length = len(self.prompts[i["prompt"]])
        for at, from_ in zip(i["positions"], i["sourcePositions"], strict=True):
            value = self._slice(source, hook, length + from_ if from_ < 0 else from_, x.shape[-1])
            x = self._each({**i, "positions": [at]}, hook, x, lambda _r, _p, _old, value=value: value)
        return x

    def _add(self, i, hook, x):
        v = i["vector"]
        if v["from"] == "values":
            vector = torch.tensor(v["values"], dtype=x.dtype)
        elif v["from"] == "decoder":
            vector = self.saes[v["sae"]][1].W_dec[v["feature"]].detach().to(x.dtype)
        else:
            at = lambda p: self._source(p, hook)[v["position"]]  # noqa: E731
            vector = at(v["positive"]) - at(v["negative"])
        def value(_row, _p, old):
            return old + i["coefficient"] * (vector if vector.numel() == old.shape[-1] else vector.reshape(old.shape))
        return self._each(i, hook, x, value)

    def _saeFeature(self, i, hook, x):  # noqa: N802
        sae = self.saes[i["sae"]][1].to(x.dtype)
        n = i["feature"]

        def value(_row, _p, old):
            f = sae.encode(old[None])
            g = f.clone()
            g[0, n] = {"set": i["value"], "scale": i["value"] * f[0, n], "add": f[0, n] + i["value"]}[i["mode"]]
            if i.get("errorTerm") is False:
                return sae.decode(g)[0]
            return old + ((g[0, n] - f[0, n]) * sae.W_dec[n]).reshape(old.shape)
        return self._each(i, hook, x, value)

    def _blockAttention(self, i, hook, x):  # noqa: N802
        out = x.clone()
        for row, tokens in enumerate(self.rows):
            for q in positions_of(i["query"], len(tokens)):
                for k in positions_of(i["key"], len(tokens)):
                    out[row, i.get("heads", slice(None)), q, k] = float("-inf")
        return out

    def _freezePattern(self, i, hook, x):  # noqa: N802
        if "prompt" not in i:
            own = self._source(None, hook)
            return self._each(i, hook, x, lambda r, p, _old: own[r, :, p])
        return self._patch({**i, "positions": "all"}, hook, x)
