"""Trains `primer` on packed rows. Time-boxed (`--minutes`) or token-boxed (`--tokens`); resumable; one seed.

usage: train.py --rows out/rows.npz --name primer --tokens 14e6
       train.py --name primer --export out/early     writes the checkpoint of a run, finished or not, as out/early/hf
Muon on the blocks' matrices, AdamW on the rest; warm-up, constant, linear decay over the last `--decay` of the budget.
With `--tokens` the schedule is a function of the step alone, so a run repeats; with `--minutes` it follows the training clock.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from common import OUT, write_json
from model import GPT, Config, check_against_transformers, hf_config, to_hf_state
from optim import Muon, WeightedCrossEntropy
from quantize import load_hf


def save_hf(m: GPT, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    state = {f"transformer.{k}": v for k, v in to_hf_state(m).items()}
    save_file(state, str(folder / "model.safetensors"), metadata={"format": "pt"})
    write_json(folder / "config.json", hf_config(m.c))


def export(checkpoint: Path, dst: Path) -> None:
    """The checkpoint as `dst`/hf with its training.json, for everything that comes after training."""
    c = torch.load(checkpoint, weights_only=False, map_location="cpu")
    m = GPT(Config(**c["config"]))
    m.load_state_dict(c["model"])
    m.eval()
    save_hf(m, dst / "hf")
    worst = check_against_transformers(m, str(dst / "hf"))
    write_json(dst / "training.json", dict(tokens=c["tokens"], minutes=round(c["spent"] / 60, 1), steps=c["step"], parameters=sum(p.numel() for p in m.parameters()),
                                           seed=c["args"]["seed"], args=plain_args(c["args"]), history=c["history"]))
    print(f"{checkpoint.name} at {c['tokens'] / 1e6:.2f} M tokens -> {dst}; max |logit - transformers| = {worst:.1e}", flush=True)


def plain_args(args: dict) -> dict:
    """Arguments without paths: what the model card may quote."""
    return {k: v for k, v in args.items() if k not in ("rows", "evals", "export", "fresh", "init", "before", "tokenizer")}


def main() -> None:
    ap = argparse.ArgumentParser()
    A = ap.add_argument
    A("--rows", default=str(OUT / "rows.npz"))
    A("--name", default="primer")
    A("--minutes", type=float, default=0)
    A("--tokens", type=float, default=0)
    A("--batch", type=int, default=32)
    A("--d-model", type=int, default=192)
    A("--vocab", type=int, default=0)
    A("--lr", type=float, default=3e-3)
    A("--muon-lr", type=float, default=5.5e-3)
    A("--wd", type=float, default=0.2)
    A("--qk", type=float, default=0.5)
    A("--warm", type=int, default=40)
    A("--decay", type=float, default=0.5)
    A("--peak", type=float, default=1.0, help="scale of both rates: below 1 for a second phase")
    A("--init", default="", help="start from this transformers checkpoint (a second phase), with fresh optimizer states")
    A("--before", default="", help="training.json of the first phase, whose tokens and minutes are added")
    A("--tokenizer", default="", help="the folder of another tokenizer than out/tokenizer")
    A("--seed", type=int, default=1)
    A("--threads", type=int, default=2)
    A("--plain", type=int, default=0, help="1: every target weighs the same")
    A("--eval-minutes", type=float, default=5)
    A("--save-minutes", type=float, default=3)
    A("--evals", default=str(OUT / "evals"))
    A("--fresh", action="store_true")
    A("--export", default="", help="write the checkpoint as a transformers checkpoint into this folder, and stop")
    a = ap.parse_args()
    if a.export:
        return export(OUT / a.name / "checkpoint.pt", Path(a.export))
    assert a.minutes or a.tokens, "give --minutes or --tokens"
    torch.set_num_threads(a.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(a.seed)

    from common import load_tokenizer
    tok = load_tokenizer(Path(a.tokenizer) / "tokenizer.json" if a.tokenizer else None)
    vocab = a.vocab or tok.get_vocab_size()
    out = OUT / a.name
    out.mkdir(parents=True, exist_ok=True)
    data = np.load(a.rows)
    rows, weights = data["rows"], data["weights"]
    m = load_hf(Path(a.init)).train() if a.init else GPT(Config(vocab=vocab, d_model=a.d_model))
    assert m.c.vocab == vocab, f"the checkpoint has {m.c.vocab} tokens, the tokenizer {vocab}"
    blocks = {id(p) for b in m.blocks for p in b.parameters() if p.dim() == 2}
    adam = torch.optim.AdamW([p for p in m.parameters() if id(p) not in blocks], lr=a.lr, betas=(0.9, 0.97), weight_decay=0.0)
    muon = Muon(m.blocks, a.muon_lr, a.wd, a.qk)
    step, spent, smooth, seen_tokens, history = 0, 0.0, None, 0, []
    ck = out / "checkpoint.pt"
    if ck.exists() and not a.fresh:
        c = torch.load(ck, weights_only=False)
        m.load_state_dict(c["model"])
        adam.load_state_dict(c["adam"])
        muon.buf = c["muon"]
        step, spent, smooth, seen_tokens, history = c["step"], c["spent"], c["smooth"], c["tokens"], c["history"]
        torch.set_rng_state(c["rng"])
        print(f"resumed at step {step}, {spent / 60:.1f} min", flush=True)

    def checkpoint() -> None:
        tmp = out / "checkpoint.tmp"
        torch.save(dict(model=m.state_dict(), adam=adam.state_dict(), muon=muon.buf, step=step, spent=spent, smooth=smooth, tokens=seen_tokens,
                        history=history, rng=torch.get_rng_state(), args=vars(a), config=m.c.dict()), tmp)
        tmp.replace(ck)

    from evaluate import quick_sets, quick
    sets = quick_sets(Path(a.evals), tok) if Path(a.evals).exists() else None
    n_par = sum(p.numel() for p in m.parameters())
    print(f"{n_par} parameters, {len(rows)} rows = {rows.size / 1e6:.1f} M tokens, {vars(a)}", flush=True)
    per_step = a.batch * (rows.shape[1] - 1)
    last_eval = last_save = spent
    while True:
        t0 = time.time()
        u = max(spent / (60 * a.minutes) if a.minutes else 0, seen_tokens / a.tokens if a.tokens else 0)
        if u >= 1:
            break
        f = a.peak * min(1, (step + 1) / a.warm) * min(1, max(0.02, (1 - u) / a.decay))
        for g in adam.param_groups:
            g["lr"] = a.lr * f
        # Rows are used in file order (the copy-heavy ones lie first); a second pass comes in a seeded order.
        at = step * a.batch
        ix = np.arange(at, at + a.batch)
        if at + a.batch > len(rows):
            ix = np.random.default_rng(a.seed * 1_000_003 + step).integers(0, len(rows), a.batch)
        x = torch.from_numpy(rows[ix].astype(np.int64))
        w = torch.ones(a.batch, rows.shape[1] - 1) if a.plain else torch.from_numpy(weights[ix].astype(np.float32))
        w = (w / w.sum()).flatten()
        loss = WeightedCrossEntropy.apply(m.body(x[:, :-1]).flatten(0, 1), m.wte.weight, x[:, 1:].flatten(), w)
        loss.backward()
        adam.step()
        muon.step(f, 0.85 + 0.10 * min(1, step / 200))
        m.zero_grad(set_to_none=True)
        step += 1
        seen_tokens += per_step
        smooth = loss.item() if smooth is None else 0.98 * smooth + 0.02 * loss.item()
        spent += time.time() - t0
        if step % 50 == 0:
            print(f"step {step} {seen_tokens / 1e6:.2f}M loss {smooth:.3f} {seen_tokens / spent:.0f} tok/s {spent / 60:.1f} min f {f:.2f}", flush=True)
        if sets is not None and spent - last_eval > a.eval_minutes * 60:
            last_eval = spent
            r = quick(m.eval(), sets)
            m.train()
            history.append(dict(minutes=round(spent / 60, 2), tokens=seen_tokens, **r))
            print("EVAL " + " ".join(f"{k}={v:.3f}" for k, v in history[-1].items()), flush=True)
            write_json(out / "history.json", history)
        if spent - last_save > a.save_minutes * 60:
            last_save = spent
            checkpoint()
    checkpoint()
    m.eval()
    save_hf(m, out / "hf")
    worst = check_against_transformers(m, str(out / "hf"))
    record = dict(tokens=seen_tokens, minutes=round(spent / 60, 1), steps=step, parameters=n_par, seed=a.seed, args=plain_args(vars(a)), history=history)
    if a.before:
        first = json.loads(Path(a.before).read_text())
        record = dict(record, tokens=record["tokens"] + first["tokens"], minutes=round(record["minutes"] + first["minutes"], 1), steps=record["steps"] + first["steps"], phases=[first, record])
    write_json(out / "training.json", record)
    if sets is not None:
        print("FINAL " + " ".join(f"{k}={v:.3f}" for k, v in quick(m, sets).items()), flush=True)
    print(f"done: {seen_tokens / 1e6:.2f} M tokens in {spent / 60:.1f} min; max |logit - transformers| = {worst:.1e}", flush=True)


if __name__ == "__main__":
    main()
