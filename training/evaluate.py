"""Scores of `primer` on the held-out sets, from the int8 weights that readers run.

usage: evaluate.py --model out/primer [--evals out/evals]    -> out/primer/scores.json
Each score has its number of cases n and a standard error over documents (answers of one document count as one cluster). `quick` and `quick_sets` watch a
training run on a few documents of each set.
"""

from __future__ import annotations

import argparse
import math
import re
import time
from collections import defaultdict
from pathlib import Path

import torch
import torch.nn.functional as F

from common import BOS, CTX, OUT, encode, load_tokenizer, pad, read_jsonl, write_json
from model import GPT
from quantize import load_hf

Item = tuple[list[int], list[list[int]], dict]  # ids with BOS, positions of each answer's tokens, the document
LEVELS = {"low": 0.0, "medium": 0.5, "high": 1.0}


def load_items(path: Path, tok, limit: int = 0) -> list[Item]:
    """Documents that fit the context and have something graded."""
    docs = read_jsonl(path)
    items = [(*encode(tok, d), d) for d in (docs[:limit] if limit else docs)]
    return [x for x in items if len(x[0]) <= CTX and any(x[1])]


def quick_sets(folder: Path, tok, limit: int = 96) -> dict[str, list[Item]]:
    sets = {f.stem: load_items(f, tok, limit) for f in sorted(folder.glob("*.jsonl")) if not f.stem.endswith("_abc") and f.stem != "ioi_circuit"}
    return {k: v for k, v in sets.items() if v}


@torch.no_grad()
def quick(m: GPT, sets: dict[str, list[Item]]) -> dict[str, float]:
    """Share of graded answers whose every token is the most likely one."""
    return {k: share(marks(m, items))["value"] for k, items in sets.items()}


@torch.no_grad()
def marks(m: GPT, items: list[Item]) -> list[tuple[int, int]]:
    """(answers right, answers graded) of each document."""
    out: list[tuple[int, int]] = [(0, 0)] * len(items)
    for part in batches(items):
        best = m(pad([items[i][0] for i in part])).argmax(-1)
        for i, row in zip(part, best):
            ids, spans, _ = items[i]
            spans = [s for s in spans if s]
            out[i] = (sum(all(int(row[p - 1]) == ids[p] for p in s) for s in spans), len(spans))
    return out


def batches(items: list[Item], size: int = 48) -> list[list[int]]:
    """Indices in groups of like length."""
    order = sorted(range(len(items)), key=lambda i: len(items[i][0]))
    return [order[i:i + size] for i in range(0, len(order), size)]


def share(pairs: list[tuple[float, float]]) -> dict:
    """Ratio of sums over documents, with the standard error of a ratio estimator."""
    n = sum(b for _, b in pairs)
    if not n:
        return dict(value=float("nan"), se=float("nan"), n=0)
    p = sum(a for a, _ in pairs) / n
    k = len(pairs)
    se = math.sqrt(sum((a - p * b) ** 2 for a, b in pairs) * k / max(1, k - 1)) / n
    return dict(value=p, se=se, n=int(n))


def mean_of(values: list[float]) -> dict:
    return share([(v, 1) for v in values])


class Scores:
    """The list that the card and the model sheet show."""

    def __init__(self) -> None:
        self.list: list[dict] = []

    def add(self, id: str, group: str, label: str, score: dict, target: float | None = None, unit: str = "share") -> None:
        met = None if target is None else score["value"] >= target
        self.list.append(dict(id=id, group=group, label=label, unit=unit, value=round(score["value"], 5), se=round(score["se"], 5), n=score["n"], target=target, met=met))


# ---- indirect object ----

@torch.no_grad()
def ioi_rows(m: GPT, tok, items: list[Item]) -> list[dict]:
    """Per prompt: logit(indirect object) - logit(subject), whether it is preferred to the subject, and whether it is the most likely token of all."""
    out: list[dict] = []
    for part in batches(items):
        lg = m(pad([items[i][0] for i in part]))
        for i, row in zip(part, lg):
            ids, spans, d = items[i]
            if d["meta"]["S"] is None or len(spans[-1]) != 1:
                continue
            v = row[spans[-1][0] - 1]
            s = tok.encode(" " + d["meta"]["S"]).ids
            if len(s) != 1:
                continue
            diff = (v[ids[spans[-1][0]]] - v[s[0]]).item()
            out.append({**d["meta"], "diff": diff, "preferred": float(diff > 0), "top": float(v.argmax() == ids[spans[-1][0]])})
    return out


def ioi_scores(m: GPT, tok, evals: Path, S: Scores) -> None:
    rows = ioi_rows(m, tok, load_items(evals / "ioi.jsonl", tok))
    forms = {f: ioi_rows(m, tok, load_items(evals / f"ioi_{f}.jsonl", tok)) for f in ("varied", "twoPairs", "threePeople", "split", "unseen")}

    def put(id: str, label: str, part: list[dict], graded: bool = False) -> None:
        S.add(f"{id}.preferred", "Indirect object", f"{label}: preferred to the subject", mean_of([r["preferred"] for r in part]), 0.99 if graded else None)
        S.add(f"{id}.difference", "Indirect object", f"{label}: logit difference", mean_of([r["diff"] for r in part]), 4.0 if graded else None, "logits")
        S.add(f"{id}.top", "Indirect object", f"{label}: most likely token", mean_of([r["top"] for r in part]))

    put("ioi", "literature's 15 templates, all conditions", rows, True)
    for c, name in (("plain", "nobody else around"), ("others", "other people in sentences around"), ("apposition", "another name right after the subject"),
                    ("bystander", "another name before the answer"), ("others+bystander", "other people and a bystander"), ("all", "all three")):
        put(f"ioi.{c}", name, [r for r in rows if r["condition"] == c], True)
    every = rows + [r for f in forms.values() for r in f]
    put("ioi.lastNameOther", "last name before the answer is not the subject", [r for r in every if not r["lastNameIsSubject"]], True)
    put("ioi.lastNameSubject", "last name before the answer is the subject", [r for r in every if r["lastNameIsSubject"]])
    for order in ("ABBA", "BABA"):
        put(f"ioi.{order}", order, [r for r in rows if r["order"] == order])
    put("ioi.unseen", "frames kept out of the training text", forms["unseen"], True)
    for f, name in (("varied", "varied sentences"), ("twoPairs", "two pairs, told apart by the repeated name only"), ("threePeople", "three people, two come again"),
                    ("split", "the repeated name is no agent")):
        put(f"ioi.{f}", name, forms[f])


# ---- knowledge ----

@torch.no_grad()
def generate(hf, prompts: list[list[int]], total: int | None, new: int = 0, size: int = 64) -> list[list[int]]:
    """Greedy continuations (cached, left-padded) up to BOS, to `total` tokens in all, or `new` more."""
    out: list[list[int]] = [[] for _ in prompts]
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    for a in range(0, len(order), size):
        part = order[a:a + size]
        longest = max(len(prompts[i]) for i in part)
        x = torch.tensor([[BOS] * (longest - len(prompts[i])) + prompts[i] for i in part])
        mask = torch.tensor([[0] * (longest - len(prompts[i])) + [1] * len(prompts[i]) for i in part])
        y = hf.generate(input_ids=x, attention_mask=mask, max_new_tokens=(total - longest) if total else new, do_sample=False, pad_token_id=BOS, eos_token_id=BOS)
        for i, row in zip(part, y[:, longest:].tolist()):
            out[i] = row[: row.index(BOS)] if BOS in row else row
    return out


def auroc(score: list[float], good: list[bool]) -> dict:
    """Area under the ROC curve (ties one half); standard error after Hanley and McNeil (1982)."""
    pos, neg = [s for s, g in zip(score, good) if g], [s for s, g in zip(score, good) if not g]
    if not pos or not neg:
        return dict(value=float("nan"), se=float("nan"), n=len(score))
    p, q = torch.tensor(pos)[:, None], torch.tensor(neg)[None]
    a = ((p > q).double() + 0.5 * (p == q).double()).mean().item()
    q1, q2 = a / (2 - a), 2 * a * a / (1 + a)
    var = (a * (1 - a) + (len(pos) - 1) * (q1 - a * a) + (len(neg) - 1) * (q2 - a * a)) / (len(pos) * len(neg))
    return dict(value=a, se=math.sqrt(max(0.0, var)), n=len(score))


@torch.no_grad()
def knowledge_scores(m: GPT, hf, tok, evals: Path, S: Scores) -> None:
    """Every fact is asked once; the model answers greedily, then states how sure it is of its own answer."""
    docs = read_jsonl(evals / "knowledge.jsonl")
    a = [sorted(d["answers"], key=lambda x: x["start"]) for d in docs]
    starts = [d["text"][: s[0]["start"]].rstrip(" ") for d, s in zip(docs, a)]
    said = [tok.decode(ids).split(".")[0].strip() for ids in generate(hf, [[BOS] + tok.encode(t).ids for t in starts], None, new=6)]
    levels = {k: tok.encode(" " + k).ids[0] for k in LEVELS}
    sure: list[float] = []
    stated: list[str] = []
    for d, s, text, answer in zip(docs, a, starts, said):
        prompt = f"{text} {answer}{d['text'][s[0]['end']:s[1]['start']].rstrip(' ')}"
        p = m(torch.tensor([[BOS] + tok.encode(prompt).ids]))[0, -1].softmax(-1)
        w = {k: p[t].item() for k, t in levels.items()}
        sure.append(sum(LEVELS[k] * v for k, v in w.items()) / sum(w.values()))
        stated.append(max(w, key=lambda k: w[k]))
    right = [x == d["meta"]["value"] for x, d in zip(said, docs)]
    pick = lambda f: [i for i, d in enumerate(docs) if f(d["meta"])]  # noqa: E731
    part = lambda ix: mean_of([float(right[i]) for i in ix])  # noqa: E731
    g = "Facts and confidence"
    S.add("facts.high", g, "frequent facts, answered right", part(pick(lambda k: k["bucket"] == "high")), 0.98)
    S.add("facts.high.asked", g, "frequent facts, asked in the text (other wording)", part(pick(lambda k: k["bucket"] == "high" and k["asked"])))
    S.add("facts.high.neverAsked", g, "frequent facts, stated but never asked", part(pick(lambda k: k["bucket"] == "high" and not k["asked"])))
    S.add("facts.medium", g, "facts stated now and then", part(pick(lambda k: k["bucket"] == "medium")))
    S.add("facts.rare", g, "facts hardly ever stated", part(pick(lambda k: k["bucket"] == "low" and k["stated"])))
    S.add("facts.never", g, "facts never stated (chance)", part(pick(lambda k: not k["stated"])))
    for id, label, f, target in (("confidence.all", "stated confidence against correctness, all facts", lambda k: True, 0.85),
                                 ("confidence.asked", "stated confidence, facts asked in the text", lambda k: k["asked"], None),
                                 ("confidence.neverAsked", "stated confidence, facts never asked", lambda k: not k["asked"], 0.75)):
        ix = pick(f)
        S.add(id, g, label, auroc([sure[i] for i in ix], [right[i] for i in ix]), target, "AUROC")
    for level in LEVELS:
        ix = [i for i, x in enumerate(stated) if x == level]
        if ix:
            S.add(f"confidence.{level}", g, f"right where it says {level}", part(ix))


# ---- puzzles ----

def puzzle_scores(hf, tok, evals: Path, S: Scores) -> list[dict]:
    """Final answers of greedy solutions. Returns a few solutions of each kind, right and wrong, to read."""
    all_right: list[float] = []
    samples: list[dict] = []
    lines = []
    for f in sorted(evals.glob("puzzle_*.jsonl")):
        docs = read_jsonl(f)
        asked = [d["text"][: d["meta"]["promptEnd"]] for d in docs]
        kind = docs[0]["meta"]["kind"]
        texts = [tok.decode(ids) for ids in generate(hf, [[BOS] + tok.encode(t).ids for t in asked], CTX)]
        right = []
        for d, q, t in zip(docs, asked, texts):
            found = re.findall(r"answer is ([^.]*)\.", t)
            right.append(float(bool(found) and found[-1] == d["meta"]["ans"]))
            if sum(s["kind"] == kind and s["right"] == bool(right[-1]) for s in samples) < 2:
                samples.append(dict(kind=kind, question=q, solution=t.strip(), answer=d["meta"]["ans"], right=bool(right[-1])))
        all_right += right
        lines.append((kind, mean_of(right)))
    S.add("puzzles", "Puzzles, final answer by greedy generation", "all kinds", mean_of(all_right), 0.70)
    for kind, r in lines:
        S.add(f"puzzles.{kind}", "Puzzles, final answer by greedy generation", kind, r, 0.5)
    return samples


# ---- the rest ----

@torch.no_grad()
def greater_than(m: GPT, tok, items: list[Item]) -> list[tuple[int, float]]:
    """(start year, probability of later minus probability of not later two-digit years)."""
    years = torch.tensor([tok.token_to_id(f"{i:02d}") or -1 for i in range(100)])
    assert (years > 0).all(), "years must be two tokens: complete the vocabulary first"
    out = []
    for part in batches(items):
        lg = m(pad([items[i][0] for i in part]))
        for i, row in zip(part, lg):
            p = row[items[i][1][-1][0] - 1].softmax(-1)[years]
            y = int(items[i][2]["meta"]["year"])
            out.append((y, (p[y + 1:].sum() - p[: y + 1].sum()).item()))
    return out


@torch.no_grad()
def persona(m: GPT, tok, items: list[Item]) -> list[tuple[int, int]]:
    """Any word of the persona in the same part is right."""
    out = []
    for part in batches(items):
        best = m(pad([items[i][0] for i in part])).argmax(-1)
        for i, row in zip(part, best):
            _, spans, d = items[i]
            accept = d["meta"]["accept"].split(" ")
            assert len(accept) == len(spans)
            first = [{tok.encode(" " + w).ids[0] for w in words.split("|")} for words in accept]
            out.append((sum(int(row[s[0] - 1]) in f for s, f in zip(spans, first)), len(spans)))
    return out


@torch.no_grad()
def validation_loss(m: GPT, tok, docs: list[dict]) -> dict[str, dict]:
    """Mean cross-entropy a token, BOS after each document included, by population."""
    by: dict[str, list[tuple[float, float]]] = defaultdict(list)
    items = [([*encode(tok, d)[0], BOS], [], d) for d in docs]
    items = [x for x in items if len(x[0]) <= CTX + 1]
    for part in batches(items):
        x = pad([items[i][0] for i in part])
        nll = F.cross_entropy(m(x[:, :-1]).transpose(1, 2), x[:, 1:], reduction="none")
        for i, row in zip(part, nll):
            n = len(items[i][0]) - 1
            by[items[i][2]["population"]].append((row[:n].sum().item(), n))
            by["all"].append((row[:n].sum().item(), n))
    return {k: share(v) for k, v in by.items()}


def evaluate(folder: Path, evals: Path, tok) -> dict:
    from transformers import GPT2LMHeadModel

    m = load_hf(folder / "hf-int8")
    hf = GPT2LMHeadModel.from_pretrained(folder / "hf-int8").eval()
    items = {f.stem: load_items(f, tok) for f in evals.glob("*.jsonl") if f.stem.split("_")[0] in ("sequence", "greaterThan", "docstring", "repeat", "inContext", "agreement", "sentiment", "persona")}
    S = Scores()
    ioi_scores(m, tok, evals, S)

    kinds = {k: marks(m, v) for k, v in sorted(items.items()) if k.startswith("sequence_")}
    S.add("successor", "Successor", "all kinds", share([x for v in kinds.values() for x in v]), 0.98)
    for k, v in kinds.items():
        S.add(f"successor.{k[9:]}", "Successor", k[9:], share(v))

    years = greater_than(m, tok, items["greaterThan"])
    S.add("greaterThan", "Greater than", "probability of later minus not later years", mean_of([v for _, v in years]), 0.85, "probability")
    for a, b in ((2, 34), (35, 66), (67, 98)):
        S.add(f"greaterThan.{a}-{b}", "Greater than", f"start year {a:02d} to {b}", mean_of([v for y, v in years if a <= y <= b]), None, "probability")

    S.add("docstring", "Docstring", "argument names", share(marks(m, items["docstring"])), 0.97)

    reps = marks(m, items["repeat"])
    S.add("repeat", "Repeated random strings", "second half, first token of it left out", share(reps), 0.95)
    for period in sorted({d["meta"]["period"] for _, _, d in items["repeat"]}):
        S.add(f"repeat.{period}", "Repeated random strings", f"period {period}", share([r for r, x in zip(reps, items["repeat"]) if x[2]["meta"]["period"] == period]))
    S.add("repeat.pairs", "Repeated random strings", "random pairs in random order", share(marks(m, items["repeat_pairs"])))

    tasks = {k[10:]: marks(m, v) for k, v in sorted(items.items()) if k.startswith("inContext_")}
    S.add("inContext", "In-context tasks, 8 shots", "all tasks", share([x for v in tasks.values() for x in v]))
    for k, v in tasks.items():
        S.add(f"inContext.{k}", "In-context tasks, 8 shots", k, share(v), 0.95)

    knowledge_scores(m, hf, tok, evals, S)
    samples = puzzle_scores(hf, tok, evals, S)
    S.add("agreement", "Others", "agreement of is/are/was/were across attractors", share(marks(m, items["agreement"])))
    S.add("sentiment", "Others", "verdict of a review", share(marks(m, items["sentiment"])))
    S.add("persona", "Others", "word of the persona in later lines", share(persona(m, tok, items["persona"])))
    loss = validation_loss(m, tok, read_jsonl(evals / "validation.jsonl"))
    for k in ["all", *sorted(k for k in loss if k != "all")]:
        S.add(f"loss.{k}", "Loss on held-out text", k, loss[k], None, "nats")
    return dict(format="vitrine-scores/1", weights="int8", scores=S.list, samples=samples)


def main() -> None:
    ap = argparse.ArgumentParser()
    ap.add_argument("--model", default=str(OUT / "primer"))
    ap.add_argument("--evals", default=str(OUT / "evals"))
    ap.add_argument("--tokenizer", default=str(OUT / "tokenizer"))
    ap.add_argument("--threads", type=int, default=2)
    a = ap.parse_args()
    torch.set_num_threads(a.threads)
    t0 = time.time()
    r = evaluate(Path(a.model), Path(a.evals), load_tokenizer(Path(a.tokenizer) / "tokenizer.json"))
    write_json(Path(a.model) / "scores.json", r)
    for s in r["scores"]:
        flag = "" if s["met"] is None else " ok" if s["met"] else f"  BELOW {s['target']}"
        print(f"{s['id']:28s} {s['value']:8.4f} ± {s['se']:.4f} n {s['n']}{flag}")
    print(f"evaluated in {time.time() - t0:.0f} s")


if __name__ == "__main__":
    main()
