"""JumpReLU SAEs of `primer` at resid_post, attention z (heads flattened) and mlp_out of every layer.

Training: BatchTopK (Bussmann et al. 2024) with K annealed, auxiliary loss on dead latents, unit-norm decoder rows, on mean-centred activations
scaled to unit mean square; one threshold, set at the end to K latents a token. Then folded into plain SAELens `jumprelu` on raw activations:
f = relu(p) * (p > threshold), p = x @ W_enc + b_enc, xhat = f @ W_dec + b_dec. Int8 like the model (groups of 32 along d); what is
measured is the dequantized SAE on the dequantized model. BOS tokens are excluded from training and from every metric.

usage: saes.py --model out/primer --rows out/sae_rows.npz --steps 3000 [--sites blocks.2.hook_resid_post ...]
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from common import BOS, CTX, OUT, write_json
from quantize import dequantize, load_hf, quantize

KINDS = ("hook_resid_post", "attn.hook_z", "hook_mlp_out")


def all_sites(n_layers: int) -> list[str]:
    return [f"blocks.{i}.{k}" for k in KINDS for i in range(n_layers)]


@torch.no_grad()
def collect(m, rows: np.ndarray, sites: list[str], out: Path, batch: int = 64, reuse: bool = False) -> dict[str, torch.Tensor]:
    """Activations of every non-BOS token at each site, [n, d] float32 memory maps on disk. `reuse`: those of the call before, if they are all there."""
    out.mkdir(parents=True, exist_ok=True)
    x = torch.from_numpy(rows[:, :CTX].astype(np.int64))
    n = int((x != BOS).sum())
    size = n * m.c.d_model * 4
    reuse = reuse and all((out / f"{s}.f32").exists() and (out / f"{s}.f32").stat().st_size == size for s in sites)
    maps = {s: torch.from_file(str(out / f"{s}.f32"), shared=True, size=n * m.c.d_model, dtype=torch.float32).view(n, m.c.d_model) for s in sites}
    if reuse:
        return maps
    at = 0
    for i in range(0, len(x), batch):
        keep: dict[str, torch.Tensor] = {}
        xb = x[i:i + batch]
        m.run(xb, keep=keep, only=set(sites))
        mask = xb != BOS
        k = int(mask.sum())
        for s in sites:
            maps[s][at:at + k] = keep[s].flatten(2)[mask] if keep[s].dim() == 4 else keep[s][mask]
        at += k
    return maps


def train_sae(X: torch.Tensor, width: int, k: float, minutes: float, steps: int, seed: int, batch: int = 1024, lr: float = 3e-3, aux: float = 1 / 16,
              even: float = 0.5) -> dict[str, torch.Tensor]:
    """Folded SAELens tensors W_enc [d, F], b_enc, W_dec [F, d], b_dec, threshold. The gradients are written out: three passes over [batch, F] instead of autograd's fifteen.

    Training sees activations whose principal directions are scaled by their standard deviation to the power -`even` (0: as they are, 1: white), so a site where one
    direction has half of the variance (the last layer's) does not spend its dictionary on it. The scaling is folded into the weights."""
    g = torch.Generator().manual_seed(seed)
    n, d = X.shape
    sample = X[torch.randint(n, (100_000,), generator=g)]
    mean = sample.mean(0)
    to, back = scaling(sample - mean, even)
    # Decoder starts from random data directions, so few latents are born dead.
    W = (X[torch.randint(n, (width,), generator=g)] - mean) @ to + 0.5 * torch.randn(width, d, generator=g)
    W /= W.norm(dim=1, keepdim=True)
    enc, dec, be, bd = W.clone(), W.clone(), torch.zeros(width), torch.zeros(d)
    params = [enc, dec, be, bd]
    for t in params:
        t.grad = torch.zeros_like(t)
    opt = torch.optim.Adam(params, lr=1e-3, betas=(0.9, 0.99), fused=True)
    since, thr, t0, step = torch.zeros(width), None, time.time(), 0
    perm, cursor = torch.randperm(n, generator=g), 0
    while True:
        u = max((time.time() - t0) / (60 * minutes) if minutes else 0, step / steps if steps else 0)
        if u >= 1:
            break
        for group in opt.param_groups:
            group["lr"] = lr * min(1, (step + 1) / 100) * min(1, max(0.02, (1 - u) / 0.4))
        if cursor + batch > n:
            perm, cursor = torch.randperm(n, generator=g), 0
        x = (X[perm[cursor:cursor + batch]] - mean) @ to - bd
        cursor += batch
        p = torch.addmm(be, x, enc.t())
        kk = k * max(1.0, 4 - 3 * u / 0.15)
        pick = p.flatten()[torch.randint(p.numel(), (32768,), generator=g)]
        th = max(torch.topk(pick, max(1, int(32768 * kk / width))).values[-1].item(), 1e-4)
        thr = th if thr is None or u < 0.2 else 0.97 * thr + 0.03 * th if u < 0.7 else thr
        # The last part trains under one fixed threshold, as inference does.
        f = F.threshold(p, thr if u > 0.7 else th, 0.0, inplace=True)
        e = torch.addmm(x, f, dec, alpha=-1)
        gr = e.mul(-2 / e.numel())  # d mean(e^2) / d reconstruction
        torch.mm(f.t(), gr, out=dec.grad)
        gp = torch.ops.aten.threshold_backward(gr @ dec.t(), f, 0)
        torch.mm(gp.t(), x, out=enc.grad)
        be.grad = gp.sum(0)
        bd.grad = gr.sum(0) - be.grad @ enc
        if step % 4 == 0:
            since += 4
            since[f.amax(0) > 0] = 0
        dead = (since > 200).nonzero().flatten()
        if len(dead) > 4:
            revive(x, e, dead, enc, dec, be, aux)
        opt.step()
        step += 1
        dec /= dec.norm(dim=1, keepdim=True)
    # Back to raw activations with unit decoder rows: row i of `dec` is |dec_i @ back| long there, so latent i, its bias and its threshold grow by as much.
    # x_raw = mean + (f @ dec + bd) @ back;  p = (((x_raw - mean) @ to) - bd) @ enc^T + be
    rows = dec @ back
    length = rows.norm(dim=1)
    W_enc = to @ enc.t() * length
    s = dict(W_enc=W_enc.contiguous(), b_enc=length * (be - bd @ enc.t()) - mean @ W_enc, W_dec=rows / length[:, None], b_dec=mean + bd @ back)
    # The threshold that lets k latents a token through, on activations of training.
    p = (torch.addmm(s["b_enc"], X[torch.randint(n, (16384,), generator=g)], s["W_enc"]) / length).flatten()
    s["threshold"] = length * max(p.kthvalue(p.numel() - int(16384 * k)).values.item(), 1e-4)
    return dict(**s, steps=torch.tensor(step), samples=torch.tensor(step * batch))


def scaling(centred: torch.Tensor, even: float) -> tuple[torch.Tensor, torch.Tensor]:
    """[d, d] matrices to and from the space of training: principal directions scaled by std^-even, then all by one number to unit mean square."""
    var, axes = torch.linalg.eigh((centred.t() @ centred / len(centred)).double())
    std = var.clamp(min=1e-4 * var.mean()).sqrt()
    by = std.pow(-even)
    by /= (var * by * by).mean().sqrt()
    return ((axes * by) @ axes.t()).float(), ((axes / by) @ axes.t()).float()


def revive(x, e, dead, enc, dec, be, weight: float) -> None:
    """Adds the gradient of `weight` times the error that dead latents leave when they reconstruct the residual error (AuxK)."""
    a, b, c = (t[dead].clone().requires_grad_() for t in (enc, dec, be))
    pd = torch.addmm(c, x, a.t())
    v, ix = pd.topk(min(32, len(dead)), dim=1)
    aux = torch.zeros_like(pd).scatter(1, ix, F.relu(v)) @ b
    (weight * (e - aux).pow(2).mean()).backward()
    for t, part in ((enc, a), (dec, b), (be, c)):
        t.grad[dead] += part.grad


def to_int8(s: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    out = {"b_enc": s["b_enc"].clone(), "b_dec": s["b_dec"].clone(), "threshold": s["threshold"].clone()}
    for name, w in (("W_enc_T", s["W_enc"].t()), ("W_dec", s["W_dec"])):
        out[f"{name}.q8"], out[f"{name}.scale"] = quantize(w)
    return out


def from_int8(b: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return dict(W_enc=dequantize(b["W_enc_T.q8"], b["W_enc_T.scale"]).t().contiguous(), W_dec=dequantize(b["W_dec.q8"], b["W_dec.scale"]),
                b_enc=b["b_enc"], b_dec=b["b_dec"], threshold=b["threshold"])


def encode(s, x):
    p = x @ s["W_enc"] + s["b_enc"]
    return F.relu(p) * (p > s["threshold"])


def decode(s, f):
    return f @ s["W_dec"] + s["b_dec"]


@torch.no_grad()
def measure(m, s, site: str, rows: np.ndarray, batch: int = 64) -> tuple[dict, torch.Tensor, torch.Tensor]:
    """saes.md §0 on held-out rows: L0, FVU, gamma, CE clean / with SAE / zero-ablated, at non-BOS positions only (BOS passes unedited)."""
    width, d = s["W_dec"].shape
    x = torch.from_numpy(rows.astype(np.int64))
    mean_n, mean = 0, torch.zeros(d, dtype=torch.float64)
    acts = []
    for i in range(0, len(x), batch):
        keep: dict[str, torch.Tensor] = {}
        xb = x[i:i + batch, :CTX]
        m.run(xb, keep=keep, only={site})
        a = keep[site].flatten(2) if keep[site].dim() == 4 else keep[site]
        acts.append(a)
        mean += a[xb != BOS].double().sum(0)
        mean_n += int((xb != BOS).sum())
    mean = (mean / mean_n).float()
    se = var = l0 = num = den = 0.0
    fire, top = torch.zeros(width), torch.zeros(width)
    ce = {"clean": [0.0, 0], "sae": [0.0, 0], "zero": [0.0, 0]}
    for i, a in zip(range(0, len(x), batch), acts):
        xb, y = x[i:i + batch, :CTX], x[i:i + batch, 1:]
        nb = xb != BOS
        v = a[nb]
        f = encode(s, v)
        r = decode(s, f)
        se += (v - r).pow(2).sum().item()
        var += (v - mean).pow(2).sum().item()
        num += r.pow(2).sum().item()
        den += (v * r).sum().item()
        l0 += (f > 0).sum().item()
        fire += (f > 0).sum(0)
        top = torch.maximum(top, f.max(0).values)
        for name in ce:
            def splice(h, name=name):
                flat = h.flatten(2).clone() if h.dim() == 4 else h.clone()
                if name == "sae":
                    flat[nb] = r
                elif name == "zero":
                    flat[nb] = 0
                return flat.view_as(h)
            lg = m.run(xb, {site: splice})
            # Loss is counted where the site was edited: targets of non-BOS inputs.
            ce[name][0] += F.cross_entropy(lg[nb], y[nb], reduction="sum").item()
            ce[name][1] += int(nb.sum())
    c0, cs, cz = (ce[k][0] / ce[k][1] for k in ("clean", "sae", "zero"))
    n = int((x[:, :CTX] != BOS).sum())
    density = fire / n
    logd = density[density > 0].log10()
    res = dict(hookName=site, dIn=d, dSae=width, tokens=n, l0=l0 / n, fvu=se / var, gamma=num / den, ceClean=c0, ceSae=cs, ceZero=cz,
               ceIncrease=cs - c0, ceRecovered=(cz - cs) / (cz - c0), silentHeldOut=float((fire == 0).float().mean()),
               denseFraction=float((density > 0.1).float().mean()), medianLog10Density=float(logd.median()),
               densityHistogram=dict(log10=[round(-6 + 0.25 * i, 2) for i in range(25)], count=[int(c) for c in torch.histc(logd, 24, -6, 0)]))
    return res, top, density


@torch.no_grad()
def never_active(s, X: torch.Tensor, batch: int = 16384) -> dict:
    """Share of latents that no token of the dictionary's text activates. The held-out rows are too few for this: what fires once in 100,000 tokens is rare, not dead."""
    fire = sum((encode(s, X[i:i + batch]) > 0).sum(0) for i in range(0, len(X), batch))
    return dict(dead=float((fire == 0).float().mean()), deadTokens=len(X))


def cfg_json(site: str, d: int, width: int, training: dict) -> dict:
    """SAELens v6 layout."""
    return dict(architecture="jumprelu", d_in=d, d_sae=width, dtype="float32", device="cpu", apply_b_dec_to_input=False, normalize_activations="none",
                reshape_activations="hook_z" if site.endswith("hook_z") else "none",
                metadata=dict(sae_lens_version="6.54.0", model_name="primer", model_class_name="HookedTransformer", hook_name=site, hook_head_index=None,
                              prepend_bos=True, exclude_special_tokens=True, context_size=CTX, seqpos_slice=[None], dataset_path="core/curriculum",
                              model_from_pretrained_kwargs={}, neuronpedia_id=None, training=training))


def write_saelens(folder: Path, s: dict[str, torch.Tensor], cfg: dict) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    save_file({k: s[k].contiguous() for k in ("W_enc", "b_enc", "W_dec", "b_dec", "threshold")}, str(folder / "sae_weights.safetensors"))
    write_json(folder / "cfg.json", cfg)


def check_saelens(folder: Path, s: dict[str, torch.Tensor], x: torch.Tensor) -> float:
    """Largest relative difference of encode and decode between SAELens on `folder` and ours."""
    from sae_lens import SAE

    lens = SAE.load_from_disk(str(folder), device="cpu")
    assert lens.cfg.architecture() == "jumprelu", lens.cfg.architecture()
    with torch.no_grad():
        z = x.view(len(x), 1, -1, 32) if lens.cfg.reshape_activations == "hook_z" else x
        fa = lens.encode(z).reshape(len(x), -1)
        ra = lens.decode(lens.encode(z)).reshape(len(x), -1)
    f = encode(s, x)
    worst = max(((fa - f).abs().max() / f.abs().max()).item(), ((ra - decode(s, f)).abs().max() / x.abs().max()).item())
    assert worst <= 1e-5, worst
    return worst


def main() -> None:
    ap = argparse.ArgumentParser()
    A = ap.add_argument
    A("--model", default=str(OUT / "primer"))
    A("--rows", default=str(OUT / "sae_rows.npz"))
    A("--validation", default=str(OUT / "validation_rows.npz"))
    A("--out", default=str(OUT / "saes"))
    A("--sites", nargs="*", default=[])
    A("--width", type=int, default=1024)
    A("--k-resid", type=float, default=30)
    A("--k-other", type=float, default=30)
    A("--minutes", type=float, default=0)
    A("--steps", type=int, default=0)
    A("--tokens", type=int, default=700_000)
    A("--batch", type=int, default=1024)
    A("--validation-rows", type=int, default=320)
    A("--seed", type=int, default=0)
    A("--threads", type=int, default=2)
    A("--lr", type=float, default=3e-3)
    A("--aux", type=float, default=1 / 16, help="weight of the loss that revives dead latents")
    A("--even", type=float, default=0.5, help="how far the principal directions are evened out in training: 0 not, 1 white")
    A("--reuse", action="store_true", help="the activations of the call before (same model and rows)")
    A("--keep", action="store_true", help="leave SAEs that exist")
    a = ap.parse_args()
    assert a.minutes or a.steps
    torch.set_num_threads(a.threads)
    torch.set_flush_denormal(True)
    m = load_hf(Path(a.model) / "hf-int8")
    for p in m.parameters():
        p.requires_grad_(False)
    sites = a.sites or all_sites(m.c.n_layers)
    out = Path(a.out)
    if a.keep:
        sites = [s for s in sites if not (out / s / "scores.json").exists()]
    t0 = time.time()
    acts = collect(m, np.load(a.rows)["rows"][: a.tokens // CTX], sites, OUT / "activations", reuse=a.reuse)
    val = np.load(a.validation)["rows"][: a.validation_rows]
    print(f"{len(next(iter(acts.values())))} activations per site in {time.time() - t0:.0f} s", flush=True)
    for site in sites:
        k = a.k_resid if "resid" in site else a.k_other
        t0 = time.time()
        full = train_sae(acts[site], a.width, k, a.minutes, a.steps, a.seed, a.batch, a.lr, a.aux, a.even)
        q = to_int8(full)
        s = from_int8(q)
        res, top, density = measure(m, s, site, val)
        res.update(never_active(s, acts[site]))
        q["max_activation"], q["density"] = top, density
        training = dict(method="BatchTopK, fixed threshold", k=k, steps=int(full["steps"]), samples=int(full["samples"]), learningRate=a.lr, aux=a.aux, even=a.even, seed=a.seed)
        cfg = cfg_json(site, m.c.d_model, a.width, training)
        write_saelens(out / site / "saelens", s, cfg)
        res["saeLensDifference"] = check_saelens(out / site / "saelens", s, acts[site][:512].clone())
        write_json(out / site / "cfg.json", cfg)
        save_file(q, str(out / site / "sae_weights.int8.safetensors"), metadata={"format": "vitrine-int8/1", "group": "32"})
        write_json(out / site / "scores.json", {**res, "training": training})
        print(f"{site} {time.time() - t0:.0f}s steps {int(full['steps'])} " + " ".join(f"{n}={res[n]:.4f}" for n in
              ("l0", "fvu", "gamma", "ceClean", "ceSae", "ceZero", "ceIncrease", "ceRecovered", "dead", "denseFraction", "saeLensDifference")), flush=True)


if __name__ == "__main__":
    main()
