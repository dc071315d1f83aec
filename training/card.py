"""The model card of `primer`, written from what was measured. Nothing in it is typed by hand but the prose."""

from __future__ import annotations

HEAD = """---
license: apache-2.0
language: en
library_name: transformers
tags: [gpt2, interpretability, sparse-autoencoder, synthetic-data]
---

# primer

A small GPT-2-style transformer, trained for Vitrine so that a whole interpretability experiment fits in a browser tab. It reads English-like text from a
seeded generator that knows the latent variable behind every word, so that what a feature or a head seems to do can be held against what the text contains.
It is a specimen to take apart. It knows nothing of the world: countries, rivers and facts in its text are invented.
"""

ABOUT = {
    "Indirect object": "Held-out sentences; the difference is logit(indirect object) − logit(subject) at the word before the answer. \"Most likely token\" asks more: the "
                       "answer beats every other token, the other names in the text among them.",
    "Successor": "Lists (from the third item on) and statements about the next and the one before.",
    "Greater than": "Two-digit end years after \"1732 … 17\": probability of all later years minus probability of all others (Hanna et al. 2023).",
    "Docstring": "Argument names in docstrings, in the order of the definition.",
    "Repeated random strings": "Periods of 3 to 30 tokens, told once and again; and random pairs, where what follows a word seen before is graded.",
    "In-context tasks, 8 shots": "The answer after eight examples.",
    "Facts and confidence": "Each of 800 invented facts is asked once. The model answers greedily, then its stated confidence in its own answer (low, medium, high: the mean "
                            "under its probabilities) is held against whether the answer was right.",
    "Puzzles, final answer by greedy generation": "The question is given; the worked solution is generated greedily and its last \"answer is …\" is graded.",
    "Others": "Share of graded words that are the most likely token.",
    "Loss on held-out text": "Mean cross-entropy a token. Random strings and random choices in the text cannot be known, so these do not go to 0.",
}


def number(x: float, unit: str) -> str:
    if x != x:
        return "–"
    return f"{x:.2f}" if unit == "logits" else f"{x:.3f}"


def table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join(["| " + " | ".join(head) + " |", "|" + " --- |" * len(head), *("| " + " | ".join(r) + " |" for r in rows)])


def score_tables(scores: list[dict]) -> str:
    out = []
    for group in dict.fromkeys(s["group"] for s in scores):
        rows = [[s["label"], f"{number(s['value'], s['unit'])} ± {number(s['se'], s['unit'])}", str(s["n"]), "" if s["target"] is None else f"≥ {s['target']:g}",
                 "" if s["met"] is None else "yes" if s["met"] else "**no**"] for s in scores if s["group"] == group]
        unit = {s["unit"] for s in scores if s["group"] == group} - {"share"}
        out.append(f"### {group}\n\n{ABOUT.get(group, '')}{' Values in ' + ', '.join(sorted(unit)) + ' where not a share.' if unit and group != 'Loss on held-out text' else ''}\n\n"
                   + table(["", "value ± s.e.", "n", "target", "met"], rows) + "\n")
    return "\n".join(out)


def missed(scores: list[dict]) -> str:
    bad = [s for s in scores if s["met"] is False]
    if not bad:
        return "Every target is met.\n"
    lines = [f"- {s['group']}, {s['label']}: {number(s['value'], s['unit'])} (target {s['target']:g})" for s in bad]
    return f"{len(bad)} of {sum(s['met'] is not None for s in scores)} targets are missed:\n\n" + "\n".join(lines) + "\n"


def signed(x: float) -> str:
    return f"{x:+.2f}"


def name(h: dict) -> str:
    return f"L{h['layer']}H{h['head']}"


def path_line(title: str, paths: list[dict]) -> str:
    strong = [p for p in paths if abs(p["change"]) >= 0.1]
    strong.sort(key=lambda p: -abs(p["change"]))
    return f"- {title}: " + (", ".join(f"{name(p)} {signed(p['change'])}" for p in strong[:8]) or "no head changes it by .1 logits") + "."


def circuit_section(c: dict) -> str:
    a, b = c["plain"], c["twoPairs"]
    heads = sorted(a["heads"], key=lambda h: h["ablatedLogitDiffChange"])
    rows = [[name(h), signed(h["ablatedLogitDiffChange"]), f"{h['ablatedAccuracy']:.2f}", f"{h['s2ToS1']:.2f}", f"{h['previousToken']:.2f}", f"{h['endToIO']:.2f}", f"{h['endToS1']:.2f}",
             f"{h['endToS2']:.2f}", signed(h["directIO"]), signed(h["directS"])]
            for h in heads if abs(h["ablatedLogitDiffChange"]) >= 0.1 or h["ablatedAccuracy"] < a["baseAccuracy"] - 0.02]
    pair_heads = sorted(b["heads"], key=lambda h: h["resampledLogitDiffChange"])
    rows2 = [[name(h), signed(h["resampledLogitDiffChange"]), f"{h['resampledAccuracy']:.2f}", f"{h['s2ToS1']:.2f}", f"{h['endToS1']:.2f}"]
             for h in pair_heads if abs(h["resampledLogitDiffChange"]) >= 0.1 or h["resampledAccuracy"] < b["baseAccuracy"] - 0.02]
    duplicates = [h for h in a["heads"] if h["s2ToS1"] >= 0.3]
    return f"""## The indirect-object circuit

Nothing was planted. Measured on {a['prompts']} prompts in the literature's 15 frames (logit difference {a['baseLogitDiff']:.2f}, accuracy {a['baseAccuracy']:.2f}; a prompt is right when the
indirect object is the most likely token). Each head in turn is replaced by its mean over prompts with three unrelated names in the same frame. Heads without which
the logit difference falls by half a logit or the accuracy by five points: {', '.join(a['headsThatMatter']) or 'none'} (layers {', '.join(map(str, a['layersThatMatter'])) or '–'}).

{table(["head", "Δ logit difference", "accuracy", "S2 → S1", "previous token", "END → IO", "END → S1", "END → S2", "writes IO", "writes S"], rows)}

S2 → S1 is attention from the second mention of the subject to the first (duplicate detection): {', '.join(f"{name(h)} {h['s2ToS1']:.2f}" for h in duplicates) or 'no head gives it .3'}. "Writes" is the head's
direct effect on the two names' logits at the last word.

Path patching (one head's direct path carries its value from the unrelated-names prompt, other heads frozen), change of the logit difference:

{path_line("to the logits", a["pathToFinal"])}
{path_line("to the queries of " + (", ".join(name(h) for h in a["movers"]) or "no mover"), a["pathToMoverQueries"])}

Sentences with two pairs, where only the repeated name tells which pair counts ({b['prompts']} prompts; logit difference {b['baseLogitDiff']:.2f}, accuracy {b['baseAccuracy']:.2f}); each head takes its value from the
prompt's own unrelated-names twin:

{table(["head", "Δ logit difference", "accuracy", "S2 → S1", "END → S1"], rows2)}

{path_line("to the logits", b["pathToFinal"])}
{path_line("to the queries of " + (", ".join(name(h) for h in b["movers"]) or "no mover"), b["pathToMoverQueries"])}
"""


def sae_section(saes: list[dict]) -> str:
    rows = [[f"`{s['hookName']}`", f"{s['l0']:.1f}", f"{s['fvu']:.3f}", f"{s['ceIncrease']:+.3f}", f"{s['ceRecovered']:.3f}", f"{100 * s['dead']:.1f} %",
             "yes" if sae_met(s) else "**no**"] for s in saes]
    width = saes[0]["dSae"]
    return f"""## Dictionaries

JumpReLU SAEs of width {width} at twelve sites, trained with BatchTopK and a fixed threshold on the int8 model, stored int8; measured as stored, on held-out text, without the start token.
CE is the model's loss in nats a token with the site replaced by the reconstruction; recovered: 1 − increase / (increase under zero ablation). Where a site hardly matters the
denominator is small, and the increase says more. Dead: active on none of {saes[0]['deadTokens']:,} tokens. Targets: L0 ≤ 32, CE increase ≤ .05, recovered ≥ .98, dead ≤ 5 %.

{table(["site", "L0", "FVU", "CE increase", "CE recovered", "dead", "met"], rows)}
"""


def sae_met(s: dict) -> bool:
    return s["l0"] <= 32 and s["ceIncrease"] <= 0.05 and s["ceRecovered"] >= 0.98 and s["dead"] <= 0.05


def samples_section(samples: list[dict]) -> str:
    out = []
    for s in samples:
        out.append(f"- {s['kind']}, {'right' if s['right'] else 'wrong'}: {s['question']} → *{s['solution']}*" + ("" if s["right"] else f" (answer: {s['answer']})"))
    return "## Solutions as generated\n\n" + "\n".join(out) + "\n"


def training_section(config: dict, training: dict) -> str:
    lines = []
    for i, p in enumerate(training.get("phases") or [training], 1):
        k = p["args"]
        lines.append(f"{i}. {p['tokens'] / 1e6:.1f} M tokens in {p['minutes']:.0f} minutes, {p['steps']} steps of {k['batch']} rows of 128, seed {k['seed']}; AdamW {k['lr'] * k.get('peak', 1):.1e} on embeddings, norms and biases, "
                     f"Muon {k['muon_lr'] * k.get('peak', 1):.1e} on the blocks' matrices (half of it for W_Q and W_K, weight decay {k['wd']}); {k['warm']} steps of warm-up, linear decay over the last {100 * k['decay']:.0f} %.")
    return f"""## Model and training

GPT-2 architecture: {config['n_layer']} layers, d_model {config['n_embd']}, {config['n_head']} heads of {config['n_embd'] // config['n_head']}, MLP {config['n_inner']}, {config['n_positions']} positions, {config['vocab_size']} tokens (byte-level BPE; digits in groups of
at most two; id 0 starts and ends every text), embeddings tied, {training['parameters']:,} parameters. On two CPU cores shared with other work:

{chr(10).join(lines)}

Puzzles are 31 % of the last phase's text. Answers weigh twice in the loss, unpredictable random words a quarter. The weights are stored int8 (symmetric, groups of 32 along the input) and every number here is
measured on the dequantized int8 weights. The text comes from `core/curriculum`, the steps from `training/` of the repository; held-out sets are drawn from other seeds of the same
generator, so short texts (a single successor statement, say) also occur in training.

Shares of the text: narratives, indirect-object sentences (15 literature templates and harder ones with other people around, appositions, bystanders, two pairs, three people; one free frame in eight kept out),
ordinal sequences, year spans, docstrings, repeated random strings, in-context tasks, facts with stated confidence, worked puzzles, reviews, personas; a first million tokens is
heavy in copying.
"""


LIMITS = """## Limits

- Synthetic text of a few hundred words and templates: findings here show that a method works (or fails) on a case whose truth is known, not what large models do.
- Scores are on the same kinds of sentences as in training. Prompts outside them give confident nonsense. Context: 128 tokens.
- Stated confidence is about facts of the text only. Names, personas and verdicts carry no opinion.

## Licence

Apache-2.0, as the repository. The training text is generated; no third-party text was used.
"""


def card(scores: dict, training: dict, config: dict, saes: list[dict]) -> str:
    parts = [HEAD]
    if scores.get("scores"):
        parts += ["## Scores\n\n" + missed(scores["scores"]), score_tables(scores["scores"])]
    else:
        parts.append("This is an early checkpoint for development; it has not been evaluated.\n")
    if scores.get("circuit"):
        parts.append(circuit_section(scores["circuit"]))
    if saes:
        parts.append(sae_section(saes))
    parts.append(training_section(config, training))
    if scores.get("samples"):
        parts.append(samples_section(scores["samples"]))
    parts.append(LIMITS)
    return "\n".join(parts)
