"""The indirect-object circuit of `primer`: per-head mean ablation, path patching, attention, duplicate-token attention.

Mean ablation replaces a head's z, position by position, by its mean over ABC twins (same frame, three unrelated names) of the same template group.
Path patching follows Wang et al. (2211.00593): sender heads take their value from the ABC run, every other head is frozen to the clean run,
MLPs on the way are recomputed; the receiver is the final residual at END, or the queries of a mover.
The frames of the literature have aligned positions. Sentences with two pairs do not, so there a head takes its value from the prompt's own ABC twin instead
of a mean: the name that comes again is all that tells the answer.

usage: circuit.py --model out/primer [--evals out/evals] [--tokenizer out/tokenizer]    -> out/primer/circuit.json
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from pathlib import Path

import torch

from common import OUT, encode, load_tokenizer, read_jsonl, write_json
from quantize import load_hf


class Prompts:
    """Aligned pairs up to END (the position that predicts the answer). Group = same frame and same length, so positions mean the same."""

    def __init__(self, tok, clean: list[dict], abc: list[dict], fields):
        groups = defaultdict(list)
        for a, b in zip(clean, abc):
            ids, spans = encode(tok, a)
            ids2, spans2 = encode(tok, b)
            if not spans or not spans2 or not spans[-1] or len(spans[-1]) != 1 or spans[-1] != spans2[-1]:
                continue
            f = fields(a)
            io, s = (tok.encode(" " + f[k]).ids for k in ("io", "s"))
            if len(io) != 1 or len(s) != 1:
                continue
            end = spans[-1][0] - 1
            row = ids[: end + 1]
            at_s = [i for i, t in enumerate(row) if t in (s[0], *tok.encode(f["s"]).ids[:1])]
            at_io = [i for i, t in enumerate(row) if t in (io[0], *tok.encode(f["io"]).ids[:1])]
            if len(at_s) < 2 or not at_io:
                continue
            groups[(f["group"], end)].append(dict(row=row, abc=ids2[: end + 1], io=io[0], s=s[0], s1=at_s[0], s2=at_s[-1], pio=at_io[0], end=end, **{k: v for k, v in f.items() if k not in ("io", "s")}))
        self.groups = [g for g in groups.values() if len(g) >= 2]
        self.n = sum(map(len, self.groups))


def batch(g):
    return torch.tensor([e["row"] for e in g]), torch.tensor([e["abc"] for e in g]), torch.tensor([e["io"] for e in g]), torch.tensor([e["s"] for e in g])


def logit_diff(lg, io, s):
    i = torch.arange(len(io))
    return lg[i, io] - lg[i, s], (lg.argmax(-1) == io).float()


@torch.no_grad()
def head_table(m, p: Prompts) -> dict:
    L, H = m.c.n_layers, m.c.n_heads
    base = acc = 0.0
    eff, acc_abl = torch.zeros(L, H), torch.zeros(L, H)
    att = torch.zeros(L, H, 4)
    dup = torch.zeros(L, H)
    prev = torch.zeros(L, H)
    direct_io, direct_s = torch.zeros(L, H), torch.zeros(L, H)
    for g in p.groups:
        x, xc, io, s = batch(g)
        clean: dict = {}
        lg = m.run(x, keep=clean)[:, -1]
        ld, ok = logit_diff(lg, io, s)
        base += ld.sum().item()
        acc += ok.sum().item()
        corr: dict = {}
        m.run(xc, keep=corr)
        n = torch.arange(len(g))
        idx = {k: torch.tensor([e[k] for e in g]) for k in ("pio", "s1", "s2")}
        resid = clean[f"blocks.{L - 1}.hook_resid_post"][:, -1]
        sd = (resid.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt()
        for l, blk in enumerate(m.blocks):
            pat = clean[f"blocks.{l}.attn.hook_pattern"]
            for j, k in enumerate(("pio", "s1", "s2")):
                att[l, :, j] += pat[n, :, -1, idx[k]].sum(0)
            att[l, :, 3] += pat[:, :, -1, 0].sum(0)
            dup[l] += pat[n, :, idx["s2"], idx["s1"]].sum(0)
            prev[l] += pat.diagonal(-1, 2, 3)[..., 1:].mean(-1).sum(0)
            z = clean[f"blocks.{l}.attn.hook_z"]
            mean = corr[f"blocks.{l}.attn.hook_z"].mean(0, keepdim=True)
            for h in range(H):
                def cut(v, h=h, mean=mean):
                    v = v.clone()
                    v[:, :, h] = mean[:, :, h]
                    return v
                ld2, ok2 = logit_diff(m.run(x, {f"blocks.{l}.attn.hook_z": cut})[:, -1], io, s)
                eff[l, h] += (ld2 - ld).sum()
                acc_abl[l, h] += ok2.sum()
                out = z[:, -1, h] @ blk.o.weight[:, h * m.c.d_head:(h + 1) * m.c.d_head].t()
                out = (out - out.mean(-1, keepdim=True)) / sd * m.lnf.weight
                direct_io[l, h] += (out * m.wte.weight[io]).sum()
                direct_s[l, h] += (out * m.wte.weight[s]).sum()
    N = p.n
    heads = []
    for l in range(L):
        for h in range(H):
            heads.append(dict(layer=l, head=h, ablatedLogitDiffChange=eff[l, h].item() / N, ablatedAccuracy=acc_abl[l, h].item() / N,
                              endToIO=att[l, h, 0].item() / N, endToS1=att[l, h, 1].item() / N, endToS2=att[l, h, 2].item() / N, endToBOS=att[l, h, 3].item() / N,
                              s2ToS1=dup[l, h].item() / N, previousToken=prev[l, h].item() / N,
                              directIO=direct_io[l, h].item() / N, directS=direct_s[l, h].item() / N))
    return dict(prompts=N, groups=len(p.groups), baseLogitDiff=base / N, baseAccuracy=acc / N, heads=heads)


@torch.no_grad()
def path_patch(m, p: Prompts, receivers: list[tuple[int, int]] | None, max_groups: int = 60) -> list[dict]:
    """Change of the mean logit difference when one sender's direct path (through residual stream and MLPs) carries ABC values.
    receivers None: to the final residual at END. Else: to the queries of those (layer, head)s at END; then everything after is recomputed."""
    L, H = m.c.n_layers, m.c.n_heads
    top = L if receivers is None else max(l for l, _ in receivers)
    total = {(l, h): 0.0 for l in range(top if receivers else L) for h in range(H)}
    n = 0
    for g in p.groups[:max_groups]:
        x, xc, io, s = batch(g)
        clean: dict = {}
        corr: dict = {}
        ld, _ = logit_diff(m.run(x, keep=clean)[:, -1], io, s)
        m.run(xc, keep=corr)
        n += len(g)
        for (l, h) in total:
            hooks = {}
            for k in range(L):
                name = f"blocks.{k}.attn.hook_z"
                z = clean[name]
                if k == l:
                    z = z.clone()
                    z[:, :, h] = corr[name][:, :, h]
                hooks[name] = lambda _, z=z: z
            if receivers is None:
                lg = m.run(x, hooks)[:, -1]
            else:
                kept: dict = {}
                m.run(x, hooks, keep=kept)
                h2 = {}
                for k in {r[0] for r in receivers}:
                    name = f"blocks.{k}.attn.hook_q"
                    q = clean[name].clone()
                    for r in receivers:
                        if r[0] == k and k > l:
                            q[:, -1, r[1]] = kept[name][:, -1, r[1]]
                    h2[name] = lambda _, q=q: q
                lg = m.run(x, h2)[:, -1]
            total[(l, h)] += (logit_diff(lg, io, s)[0] - ld).sum().item()
    return sorted((dict(layer=l, head=h, change=v / n) for (l, h), v in total.items()), key=lambda d: d["change"])


@torch.no_grad()
def resample_table(m, p: Prompts) -> dict:
    """Like head_table's ablations, but each head takes its z from the prompt's ABC twin at every position."""
    L, H = m.c.n_layers, m.c.n_heads
    base = acc = 0.0
    eff, acc_abl, dup, att_s1 = (torch.zeros(L, H) for _ in range(4))
    for g in p.groups:
        x, xc, io, s = batch(g)
        clean: dict = {}
        corr: dict = {}
        ld, ok = logit_diff(m.run(x, keep=clean)[:, -1], io, s)
        m.run(xc, keep=corr)
        base += ld.sum().item()
        acc += ok.sum().item()
        n = torch.arange(len(g))
        s1, s2 = (torch.tensor([e[k] for e in g]) for k in ("s1", "s2"))
        for l in range(L):
            name = f"blocks.{l}.attn.hook_z"
            dup[l] += clean[f"blocks.{l}.attn.hook_pattern"][n, :, s2, s1].sum(0)
            att_s1[l] += clean[f"blocks.{l}.attn.hook_pattern"][n, :, -1, s1].sum(0)
            for h in range(H):
                def swap(v, h=h, c=corr[name]):
                    v = v.clone()
                    v[:, :, h] = c[:, :, h]
                    return v
                ld2, ok2 = logit_diff(m.run(x, {name: swap})[:, -1], io, s)
                eff[l, h] += (ld2 - ld).sum()
                acc_abl[l, h] += ok2.sum()
    N = p.n
    heads = [dict(layer=l, head=h, resampledLogitDiffChange=eff[l, h].item() / N, resampledAccuracy=acc_abl[l, h].item() / N, s2ToS1=dup[l, h].item() / N, endToS1=att_s1[l, h].item() / N)
             for l in range(L) for h in range(H)]
    return dict(prompts=N, groups=len(p.groups), baseLogitDiff=base / N, baseAccuracy=acc / N, heads=heads)


def paths(m, p: Prompts) -> dict:
    final = path_patch(m, p, None)
    movers = [(d["layer"], d["head"]) for d in final if d["layer"] >= 1 and d["change"] < -0.3][:3]
    return dict(pathToFinal=final, movers=[dict(layer=l, head=h) for l, h in movers], pathToMoverQueries=path_patch(m, p, movers) if movers else [])


def important(t: dict, effect: str, accuracy: str) -> dict:
    """Heads without which the logit difference falls by half a logit, or the accuracy by five points."""
    matter = [h for h in t["heads"] if h[effect] < -0.5 or h[accuracy] < t["baseAccuracy"] - 0.05]
    return dict(headsThatMatter=[f"L{h['layer']}H{h['head']}" for h in matter], layersThatMatter=sorted({h["layer"] for h in matter}))


def circuit(m, plain: Prompts, pairs: Prompts) -> dict:
    a, b = head_table(m, plain), resample_table(m, pairs)
    return dict(plain={**a, **paths(m, plain), **important(a, "ablatedLogitDiffChange", "ablatedAccuracy")},
                twoPairs={**b, **paths(m, pairs), **important(b, "resampledLogitDiffChange", "resampledAccuracy")})


def load(evals: Path, name: str, tok, group) -> Prompts:
    def fields(d: dict) -> dict:
        return dict(group=group(d["meta"]), io=d["meta"]["IO"], s=d["meta"]["S"])
    return Prompts(tok, read_jsonl(evals / f"{name}.jsonl"), read_jsonl(evals / f"{name}_abc.jsonl"), fields)


def main() -> None:
    ap = argparse.ArgumentParser()
    ap.add_argument("--model", default=str(OUT / "primer"))
    ap.add_argument("--evals", default=str(OUT / "evals"))
    ap.add_argument("--tokenizer", default=str(OUT / "tokenizer"))
    ap.add_argument("--threads", type=int, default=2)
    a = ap.parse_args()
    torch.set_num_threads(a.threads)
    t0 = time.time()
    tok, evals = load_tokenizer(Path(a.tokenizer) / "tokenizer.json"), Path(a.evals)
    r = circuit(load_hf(Path(a.model) / "hf-int8"), load(evals, "ioi_circuit", tok, lambda k: f"{k['template']} {k['order']}"), load(evals, "ioi_twoPairs", tok, lambda _: ""))
    write_json(Path(a.model) / "circuit.json", r)
    for k, t in r.items():
        print(f"{k}: {t['prompts']} prompts, accuracy {t['baseAccuracy']:.3f}, logit difference {t['baseLogitDiff']:.2f}, heads {t['headsThatMatter']}, movers {t['movers']}")
    print(f"circuit in {time.time() - t0:.0f} s")


if __name__ == "__main__":
    main()
