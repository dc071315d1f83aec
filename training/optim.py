"""Muon for the blocks' matrices (batched over equal shapes), and a cross-entropy that never keeps the logits."""

from __future__ import annotations

import math

import torch


def newton_schulz(g: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """Approximate orthogonal factor of each matrix in [n, rows, columns]; quintic iteration of Jordan et al. (2024)."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = g / (g.flatten(1).norm(dim=1)[:, None, None] + 1e-7)
    wide = x.shape[1] <= x.shape[2]
    if not wide:
        x = x.transpose(1, 2)
    for _ in range(steps):
        s = x @ x.transpose(1, 2)
        x = torch.baddbmm(x, torch.baddbmm(s, s, s, beta=b, alpha=c), x, beta=a)
    return x if wide else x.transpose(1, 2)


class Muon:
    """Update scaled by 0.2*sqrt(max(rows, columns)), weight decay decoupled. W_Q and W_K take `qk` of the rate: attention that saturates early never learns to copy."""

    def __init__(self, blocks, lr: float, wd: float, qk: float):
        self.lr, self.wd, self.qk, self.groups = lr, wd, qk, {}
        for b in blocks:
            d = b.o.weight.shape[0]
            for p, i in [(b.qkv.weight, 0), (b.qkv.weight, 1), (b.qkv.weight, 2), (b.o.weight, None), (b.fi.weight, None), (b.fo.weight, None)]:
                self.groups.setdefault(tuple(self.view(p.data, i, d).shape), []).append((p, i, d))
        self.buf = {k: torch.zeros(len(g), *k) for k, g in self.groups.items()}

    @staticmethod
    def view(t: torch.Tensor, i: int | None, d: int) -> torch.Tensor:
        return t if i is None else t[i * d:(i + 1) * d]

    @torch.no_grad()
    def step(self, scale: float, momentum: float) -> None:
        for k, group in self.groups.items():
            g = torch.stack([self.view(p.grad, i, d) for p, i, d in group])
            m = self.buf[k]
            m.lerp_(g, 1 - momentum)
            u = newton_schulz(g.lerp(m, momentum)) * (0.2 * math.sqrt(max(k)))
            for (p, i, d), step in zip(group, u):
                w = self.view(p.data, i, d)
                lr = self.lr * scale * (self.qk if i in (0, 1) else 1.0)
                w.mul_(1 - lr * self.wd).add_(step, alpha=-lr)


class WeightedCrossEntropy(torch.autograd.Function):
    """sum_i w_i * CE(h_i @ W^T, y_i) over chunks of rows; the gradients are made in the forward pass, so the logits stay in cache."""

    @staticmethod
    def forward(ctx, h, weight, target, w, chunk=256):
        gh, gw, loss = torch.empty_like(h), torch.zeros_like(weight), h.new_zeros(())
        for i in range(0, len(h), chunk):
            hc, tc, wc = h[i:i + chunk], target[i:i + chunk], w[i:i + chunk]
            lg = hc @ weight.t()
            lse = lg.logsumexp(1)
            rows = torch.arange(len(hc))
            loss += (wc * (lse - lg[rows, tc])).sum()
            lg.sub_(lse[:, None]).exp_()
            lg[rows, tc] -= 1
            lg.mul_(wc[:, None])
            torch.mm(lg, weight, out=gh[i:i + chunk])
            gw.addmm_(lg.t(), hc)
        ctx.save_for_backward(gh, gw)
        return loss

    @staticmethod
    def backward(ctx, g):
        gh, gw = ctx.saved_tensors
        return gh * g, gw * g, None, None, None
