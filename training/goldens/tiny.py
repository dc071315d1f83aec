"""Tiny random gpt2 and llama: checkpoints, activations at every hook, quantized variants, gradients and interventions."""

from __future__ import annotations

import copy
import json

import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from cases import IDLE_COPY, plans
from edits import Editor
from oracle import MLP_ITSELF, ON_REQUEST, SPLIT, Lens, Oracle, captured, hook_names
from quant import dequantized_model
from store import TESTDATA, relative, save

GPT2 = dict(n_embd=32, n_head=4, n_layer=2, n_positions=40, vocab_size=37, n_inner=64, bos_token_id=0, eos_token_id=0)
LLAMA = dict(hidden_size=32, num_attention_heads=4, num_key_value_heads=2, head_dim=8, intermediate_size=64, num_hidden_layers=2, vocab_size=37,
             max_position_embeddings=40, rms_norm_eps=1e-6, tie_word_embeddings=False, bos_token_id=0, eos_token_id=0)
# Two rows of different lengths: the padded batch. The prompts are what patches, means and contrasts take their values from.
ROWS = [[0, 5, 17, 3, 9], [0, 21, 36]]
PROMPTS = [[0, 33, 8, 8, 27], [0, 35, 13], [0, 7, 29, 22, 31, 18, 4, 12]]
NOISE = 2e-5  # transformers and TransformerLens must agree this well in float32; the float64 rerun too

METRICS = {
    "logitDiff": dict(kind="logitDiff", correct=3, wrong=11),
    "logit at 1": dict(kind="logit", token=7, position=1),
    "probDiff": dict(kind="probDiff", upper=[4, 5, 6, 7], lower=[20, 21]),
    "logProb at -2": dict(kind="logProb", token=34, position=-2),
    "kl": dict(kind="kl", reference=0),
    "loss": dict(kind="loss"),
}
# Checkpoint options that change the function: same weights, other config.json.
VARIANTS = {
    "gpt2": {"exact gelu": dict(activation_function="gelu"), "relu, unscaled scores": dict(activation_function="relu", scale_attn_weights=False)},
    "llama": {
        "llama3 rope": dict(rope_parameters=dict(rope_type="llama3", rope_theta=500.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64)),
        "linear rope, tied": dict(rope_parameters=dict(rope_type="linear", rope_theta=10000.0, factor=4.0), tie_word_embeddings=True),
        "yarn rope": dict(rope_parameters=dict(rope_type="yarn", rope_theta=500.0, factor=4.0, original_max_position_embeddings=64)),
        "yarn rope, all options": dict(rope_parameters=dict(rope_type="yarn", rope_theta=100.0, factor=8.0, original_max_position_embeddings=32, beta_fast=4.0, beta_slow=0.5,
                                                            mscale=1.2, mscale_all_dim=0.7, truncate=False)),
        "dynamic rope": dict(rope_parameters=dict(rope_type="dynamic", rope_theta=500.0, factor=4.0)),
    },
}


def build(family: str):
    """Random weights, large enough that attention is far from uniform."""
    hf = GPT2LMHeadModel(GPT2Config(**GPT2)) if family == "gpt2" else LlamaForCausalLM(LlamaConfig(**LLAMA))
    g = torch.Generator().manual_seed(11 if family == "gpt2" else 12)
    with torch.no_grad():
        for name, p in hf.named_parameters():
            noise = torch.randn(p.shape, generator=g)
            if p.dim() == 1:
                p.copy_(0.3 * noise + (1 if name.endswith("weight") else 0))
            elif "wte" in name or "wpe" in name or "embed" in name:
                p.copy_(0.6 * noise)
            else:
                p.copy_(1.2 * noise / p.shape[0 if "h." in name and family == "gpt2" else 1] ** 0.5)
    return hf


def write_checkpoint(folder, hf) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    state = {k: v.clone().contiguous() for k, v in hf.state_dict().items() if not (hf.config.tie_word_embeddings and k == "lm_head.weight")}
    save_file(state, str(folder / "model.safetensors"), metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)
    (folder / "config.json").write_text(json.dumps(GPT2 | dict(model_type="gpt2") if hf.config.model_type == "gpt2" else LLAMA | dict(model_type="llama"), indent=1) + "\n")


def real(name: str, x: Tensor, lengths: list[int]) -> list[Tensor]:
    """The values of each row's own tokens: [pos, ...], or [head, query, key] for patterns and scores."""
    if name.endswith(("attn_scores", "pattern")):
        return [x[i, :, :n, :n] for i, n in enumerate(lengths)]
    return [x[i, :n] for i, n in enumerate(lengths)]


def flat(name: str, x: Tensor, lengths: list[int]) -> Tensor:
    """What is stored: the rows' own values one after the other, without padding."""
    return torch.cat([v.flatten() for v in real(name, x, lengths)])


def differ(name: str, a: Tensor, b: Tensor, lengths: list[int]) -> float:
    return max(relative(p, q) for p, q in zip(real(name, a, lengths), real(name, b, lengths), strict=True))


def split_copies(names: list[str]) -> frozenset[str]:
    return frozenset(n for n in names if n.endswith(ON_REQUEST))


def activations(oracle: Oracle, lens: Lens, lens64: Lens, rows: list[list[int]]) -> tuple[Tensor, dict[str, Tensor], dict[str, dict[str, float]]]:
    """Logits, values at every hook in transformers, and how far TransformerLens and its float64 rerun are from them."""
    lengths = [len(r) for r in rows]
    names = hook_names(oracle.config)
    ask = split_copies(names)
    logits, kept = captured(oracle, rows)
    kept = {**captured(oracle, rows, ask)[1], **kept}
    assert sorted(kept) == sorted(names)
    assert differ("logits", logits, oracle.native(rows), lengths) < 2e-6, "the taps change transformers' logits"
    noise: dict[str, dict[str, float]] = {}
    for label, model in (("transformerLens", lens), ("float64", lens64)):
        other_logits, other = captured(model, rows, frozenset(n for n in ask if not n.endswith(SPLIT)))
        other = {**captured(model, rows, ask)[1], **other}
        noise[label] = {n: differ(n, kept[n], other[n], lengths) for n in names if not n.endswith(MLP_ITSELF)} | {"logits": differ("logits", logits, other_logits, lengths)}
        worst = max(noise[label], key=noise[label].__getitem__)
        assert noise[label][worst] < NOISE, (label, worst, noise[label][worst])
    return logits, kept, noise


def metric(m: dict, logits: Tensor, rows: list[list[int]], reference: Tensor | None) -> Tensor:
    """One number per row, from the definitions in core/metrics.ts."""
    out = []
    for i, row in enumerate(rows):
        n = len(row)
        if m["kind"] == "loss":
            out.append(torch.nn.functional.cross_entropy(logits[i, : n - 1], torch.tensor(row[1:])))
            continue
        p = m.get("position", -1)
        x = logits[i, n + p if p < 0 else p]
        lp = x.log_softmax(-1)
        if m["kind"] == "logit":
            out.append(x[m["token"]])
        elif m["kind"] == "logitDiff":
            out.append(x[m["correct"]] - x[m["wrong"]])
        elif m["kind"] == "logProb":
            out.append(lp[m["token"]])
        elif m["kind"] == "probDiff":
            out.append(lp.exp()[m["upper"]].sum() - lp.exp()[m["lower"]].sum())
        else:
            q = reference.log_softmax(-1)
            out.append((q.exp() * (q - lp)).sum())
    return torch.stack(out)


def gradient(model: Oracle | Lens, m: dict, rows, hooks: list[str], requested: frozenset[str], reference, plan: dict | None, saes) -> tuple[Tensor, dict[str, Tensor]]:
    """Metric values and d(sum)/d(activation) at each hook, by autograd through zeros that are added there."""
    probes: dict[str, Tensor] = {}

    def probe(name: str, v: Tensor) -> Tensor:
        if name not in hooks:
            return v
        if name not in probes:
            probes[name] = torch.zeros_like(v, requires_grad=True)
        return v + probes[name]
    logits = Editor(model, plan, rows, saes).run(probe, requested) if plan else model.run(rows, probe, requested)
    values = metric(m, logits, rows, reference)
    # A probe can lie off the metric's path (keys of the last block's padded queries …): its gradient is zero then.
    got = torch.autograd.grad(values.sum(), [probes[h] for h in hooks], allow_unused=True)
    return values.detach(), {h: torch.zeros_like(probes[h]) if g is None else g for h, g in zip(hooks, got, strict=True)}


def some_hooks(llama: bool) -> list[str]:
    return ["hook_embed", "blocks.0.attn.hook_z", "blocks.1.attn.hook_rot_k" if llama else "blocks.1.attn.hook_k", "blocks.1.mlp.hook_post", "blocks.1.hook_resid_post"]


def make(family: str, saes: dict) -> dict:
    hf = build(family)
    write_checkpoint(TESTDATA / f"tiny-{family}", hf)
    oracle, lens, lens64 = Oracle.load(TESTDATA / f"tiny-{family}"), Lens(hf), Lens(hf, torch.float64)
    llama = family == "llama"
    names = hook_names(oracle.config)
    ask = split_copies(names)
    lengths = [len(r) for r in ROWS]
    tensors: dict[str, Tensor] = {}

    logits, kept, noise = activations(oracle, lens, lens64, ROWS)
    tensors["logits"] = flat("logits", logits, lengths)
    # Split inputs are copies of resid_pre, mlp_in of resid_mid: the test compares with those.
    for n in names:
        if not n.endswith((*SPLIT, "hook_mlp_in")):
            tensors[f"act/{n}"] = flat(n, kept[n], lengths)
    for n in (x for x in names if x.endswith((*SPLIT, "hook_mlp_in"))):
        original = kept[n.replace("mlp_in", "resid_mid")] if n.endswith("mlp_in") else kept[n.rsplit(".", 1)[0] + ".hook_resid_pre"][:, :, None]
        assert differ(n, kept[n], original.expand_as(kept[n]), lengths) < 1e-6, n

    quantized = {}
    for kind in ("int8", "int4"):
        rounded = dequantized_model(hf, kind)
        row = ROWS[:1]
        lg, acts = captured(Oracle(rounded), row, frozenset(n for n in ask if n.endswith("result")))
        tensors[f"{kind}/logits"] = lg
        for n in names:
            if n.endswith(("hook_resid_post", "attn.hook_z", "attn.hook_pattern", "mlp.hook_post", "ln_final.hook_normalized")):
                tensors[f"{kind}/act/{n}"] = acts[n]
        quantized[kind] = dict(logitsFromOriginal=relative(lg[0], logits[0, : len(row[0])]))

    variants = {}
    for label, change in VARIANTS[family].items():
        config = (LlamaConfig if llama else GPT2Config)(**{**(LLAMA if llama else GPT2), **change})
        other = (LlamaForCausalLM if llama else GPT2LMHeadModel)(config)
        state = hf.state_dict()
        if config.tie_word_embeddings:
            state["lm_head.weight"] = state["model.embed_tokens.weight" if llama else "transformer.wte.weight"]
        other.load_state_dict(state)
        tensors[f"variant/{label}"] = flat("logits", Oracle(other).native(ROWS), lengths)
        variants[label] = change

    grads = {}
    reference = {64: captured(lens64, [PROMPTS[0]])[0][0, -1], 32: captured(oracle, [PROMPTS[0]])[0][0, -1]}
    tensors["gradient/reference"] = reference[32]
    plan = dict(interventions=[dict(kind="patch", hook="blocks.0.attn.hook_z", prompt=1, heads=[1], positions=[2]), dict(kind="scale", hook="blocks.1.hook_mlp_out", factor=0.5)], prompts=PROMPTS)
    jobs = [(label, m, some_hooks(llama), None) for label, m in METRICS.items()]
    jobs[0] = ("logitDiff", METRICS["logitDiff"], names, None)
    jobs.append(("logitDiff, edited", METRICS["logitDiff"], some_hooks(llama), plan))
    for label, m, hooks, edited in jobs:
        # The norm's own hooks and the split inputs are alternative paths, so each gets its own backward pass.
        own = [h for h in hooks if not h.endswith((*SPLIT, *MLP_ITSELF))]
        passes = [(own, frozenset(h for h in ask if h in own), lens64)]
        if any(h.endswith(SPLIT) for h in hooks):
            passes.append(([h for h in hooks if h.endswith(SPLIT)], ask, lens64))
        if any(h.endswith(MLP_ITSELF) for h in hooks):
            passes.append(([h for h in hooks if h.endswith(MLP_ITSELF)], frozenset(), Oracle(copy.deepcopy(hf).double())))
        worst = 0.0
        for at, requested, precise in passes:
            values, g = gradient(oracle, m, ROWS, at, requested, reference[32], edited, saes)
            values64, g64 = gradient(precise, m, ROWS, at, requested, reference[64], edited, saes)
            worst = max([worst, relative(values, values64), *(differ(h, g[h], g64[h], lengths) for h in at)])
            tensors |= {f"gradient/{label}/{h}": flat(h, g[h], lengths) for h in at}
            tensors[f"gradient/{label}/values"] = values
        assert worst < 1e-4, (label, worst)
        grads[label] = dict(metric=m, hooks=hooks, noise=worst, **({"plan": edited} if edited else {}))

    cases = {}
    for i, (label, interventions) in enumerate(plans(llama).items()):
        p = dict(interventions=interventions[:1] if label == IDLE_COPY else interventions, prompts=PROMPTS)
        with torch.no_grad():
            edited = Editor(oracle, p, ROWS, saes).run()
            edited64 = Editor(lens64, p, ROWS, saes).run()
        worst = differ("logits", edited, edited64, lengths)
        effect = differ("logits", edited, logits, lengths)
        assert worst < NOISE and (effect > 1e-3) == ("generated" not in label), (label, worst, effect)
        tensors[f"edit/{i}"] = flat("logits", edited, lengths)
        cases[label] = dict(interventions=interventions, noise=worst)
    save(f"tiny-{family}", tensors, dict(rows=ROWS, prompts=PROMPTS, hooks=names, noise=noise, quantized=quantized, variants=variants, gradients=grads, cases=cases))
    top = lambda d: max(d.values())  # noqa: E731
    print(f"tiny {family}: {len(names)} hooks; float32 noise {top(noise['float64']):.1e}; TransformerLens {top(noise['transformerLens']):.1e}; "
          f"{len(cases)} edits (noise {max(c['noise'] for c in cases.values()):.1e}), gradients of {len(grads)} metrics (noise {max(g['noise'] for g in grads.values()):.1e}); {quantized}")
    return quantized
