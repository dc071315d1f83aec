"""Tiny random checkpoints of the families beside gpt2 and llama: activations at every hook, quantized weights, variants, gradients, interventions.

The oracle is transformers with PyTorch hooks, run again in float64. TransformerLens is no oracle here: it turns Gemma 2's windows around and reads rope_theta from a list.
"""

from __future__ import annotations

import copy
import json

import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import (Gemma2Config, Gemma2ForCausalLM, Gemma3ForCausalLM, Gemma3TextConfig, GPTNeoConfig, GPTNeoForCausalLM, GPTNeoXConfig, GPTNeoXForCausalLM, Qwen2Config,
                          Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM)

from edits import Editor
from oracle import ON_REQUEST, SPLIT, Oracle, captured, hook_names
from quant import dequantized_model
from store import TESTDATA, relative, save
from tiny import NOISE, differ, flat, gradient

IDS = dict(bos_token_id=0, eos_token_id=0, vocab_size=37)
LLAMA_LIKE = dict(hidden_size=32, num_attention_heads=4, num_key_value_heads=2, intermediate_size=64, num_hidden_layers=2, max_position_embeddings=40, rms_norm_eps=1e-6, **IDS)
# Windows are shorter than both rows. One row is padded.
ROWS = [[0, 5, 17, 3, 9, 28], [0, 21, 36, 14]]
PROMPTS = [[0, 33, 8, 8, 27, 1], [0, 35, 13, 7]]
ROPE = dict(rope_type="default", rope_theta=10000.0)

FAMILIES: dict[str, tuple] = {
    "qwen2": (Qwen2Config, Qwen2ForCausalLM, LLAMA_LIKE | dict(tie_word_embeddings=False, rope_parameters=dict(rope_type="default", rope_theta=500.0)), {
        "a window from layer 1 on": dict(use_sliding_window=True, sliding_window=3, max_window_layers=1, layer_types=["full_attention", "sliding_attention"]),
    }),
    # Heads of a width that is not d_model / heads.
    "qwen3": (Qwen3Config, Qwen3ForCausalLM, LLAMA_LIKE | dict(head_dim=16, tie_word_embeddings=True, rope_parameters=ROPE), {}),
    # Both caps bite; the query scale is not the head's width.
    "gemma2": (Gemma2Config, Gemma2ForCausalLM, LLAMA_LIKE | dict(head_dim=8, query_pre_attn_scalar=24, attn_logit_softcapping=1.5, final_logit_softcapping=1.2, sliding_window=3,
                                                                  layer_types=["sliding_attention", "full_attention"], rope_parameters=ROPE), {
        "no caps": dict(attn_logit_softcapping=None, final_logit_softcapping=None),
    }),
    "gemma3": (Gemma3TextConfig, Gemma3ForCausalLM, LLAMA_LIKE | dict(num_key_value_heads=1, head_dim=16, query_pre_attn_scalar=12, sliding_window=3, num_hidden_layers=3,
                                                                      layer_types=["sliding_attention", "full_attention", "sliding_attention"],
                                                                      rope_parameters=dict(full_attention=dict(rope_type="linear", factor=8.0, rope_theta=1000.0),
                                                                                           sliding_attention=dict(rope_type="default", rope_theta=50.0))), {
        "all layers the same, capped logits": dict(layer_types=["full_attention"] * 3, final_logit_softcapping=3.0),
    }),
    "gpt-neox": (GPTNeoXConfig, GPTNeoXForCausalLM, dict(hidden_size=32, num_attention_heads=4, intermediate_size=64, num_hidden_layers=2, max_position_embeddings=40, layer_norm_eps=1e-5,
                                                         hidden_act="gelu", use_parallel_residual=True, tie_word_embeddings=False,
                                                         rope_parameters=dict(rope_type="default", rope_theta=10000.0, partial_rotary_factor=0.5), **IDS), {
        "one after the other": dict(use_parallel_residual=False),
    }),
    "gpt-neo": (GPTNeoConfig, GPTNeoForCausalLM, dict(hidden_size=32, num_heads=4, num_layers=2, intermediate_size=64, max_position_embeddings=40, attention_types=[[["global", "local"], 1]],
                                                      window_size=3, layer_norm_epsilon=1e-5, activation_function="gelu_new", **IDS), {}),
}
QUANTIZED = ("hook_resid_post", "attn.hook_z")
METRIC = dict(kind="logitDiff", correct=3, wrong=11)


def build(family: str):
    """Random weights, large enough that attention is far from uniform; no gain is near 1, no norm of Gemma's near 0."""
    config, model, options, _ = FAMILIES[family]
    hf = model(config(**options))
    g = torch.Generator().manual_seed(20 + list(FAMILIES).index(family))
    with torch.no_grad():
        for name, p in hf.named_parameters():
            noise = torch.randn(p.shape, generator=g)
            if p.dim() == 1:
                plain = name.endswith("weight") and not family.startswith("gemma")
                p.copy_(0.3 * noise + (1 if plain else 0))
            elif "embed_tokens" in name and family.startswith("gemma"):
                p.copy_(0.15 * noise)  # multiplied by the root of d_model
            elif any(part in name for part in ("wte", "wpe", "embed_")):
                p.copy_(0.6 * noise)
            else:
                p.copy_((0.7 if family == "gpt-neo" and "attention" in name else 1.2) * noise / p.shape[1] ** 0.5)
    return hf.eval()


def write_checkpoint(family: str, hf) -> None:
    folder = TESTDATA / f"tiny-{family}"
    folder.mkdir(parents=True, exist_ok=True)
    state = {k: v.clone().contiguous() for k, v in hf.state_dict().items() if not (hf.config.tie_word_embeddings and k.endswith("lm_head.weight"))}
    if family == "gpt-neox":  # as the Hub's checkpoints call it
        state["embed_out.weight"] = state.pop("lm_head.weight")
    save_file(state, str(folder / "model.safetensors"), metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)
    options = FAMILIES[family][2] | dict(model_type=hf.config.model_type, tie_word_embeddings=hf.config.tie_word_embeddings)
    (folder / "config.json").write_text(json.dumps(options, indent=1) + "\n")


def edits(config, names: list[str]) -> dict[str, list[dict]]:
    b0, b1 = "blocks.0.", "blocks.1."
    one = lambda **i: [i]  # noqa: E731
    cases = {
        "patch the residual": one(kind="patch", hook=b1 + "hook_resid_pre", prompt=1, positions=[2]),
        "zero a head": one(kind="zero", hook=b1 + "attn.hook_z", heads=[1, 3], positions=[-1]),
        "zero what a query reads": one(kind="zero", hook=b1 + "hook_q_input", heads=[1]),
        "zero what keys and values read": [dict(kind="zero", hook=b1 + "hook_k_input", positions=[0, 1]), dict(kind="zero", hook=b0 + "hook_v_input", heads=[0])],
        "zero what a head writes": one(kind="zero", hook=b0 + "attn.hook_result", heads=[2]),
        "scale what attention writes": one(kind="scale", hook=b0 + "hook_attn_out", factor=2),
        "zero what the MLP reads": one(kind="zero", hook=b1 + "hook_mlp_in", positions=[-1]),
        "scale the MLP's input": one(kind="scale", hook=b0 + "mlp.hook_in", factor=0.5),
        "zero a part of the MLP's output before its norm": one(kind="zero", hook=b0 + "mlp.hook_out", units=list(range(12)), positions=[1, -1]),
        "mean of what the MLP writes": one(kind="mean", hook=b0 + "hook_mlp_out", over="batch+positions"),
        "scale scores": one(kind="scale", hook=b0 + "attn.hook_attn_scores", factor=0.5, heads=[0, 1]),
        "block the window's last key": one(kind="blockAttention", layers=[0, 1], query=[-1], key=[-2]),
        "freeze patterns under an edit": [dict(kind="freezePattern", layers=[0, 1]), dict(kind="scale", hook="hook_embed", factor=-0.5, positions=[1])],
        "scale the final norm": one(kind="scale", hook="ln_final.hook_normalized", factor=-1.5, positions=[-1]),
    }
    if b0 + "attn.hook_rot_q" in names:
        cases["zero rotated queries, patch keys"] = [dict(kind="zero", hook=b0 + "attn.hook_rot_q", heads=[3], positions=[3, -1]), dict(kind="patch", hook=b1 + "attn.hook_k", prompt=1)]
    return cases


def gradient_hooks(names: list[str]) -> list[str]:
    """The embedding and every hook of block 0; of the rest where a gradient enters."""
    return [n for n in names if (n.startswith(("blocks.0.", "hook_")) or n.endswith(("resid_post", "hook_z"))) and not n.endswith((*SPLIT, "hook_mlp_in", "attn.hook_result"))]


def variant(family: str, hf, change: dict) -> Oracle:
    config, model, options, _ = FAMILIES[family]
    other = model(config(**{**options, **change}))
    other.load_state_dict(hf.state_dict())
    return Oracle(other)


def make(family: str) -> None:
    hf = build(family)
    write_checkpoint(family, hf)
    oracle, oracle64 = Oracle(copy.deepcopy(hf)), Oracle(copy.deepcopy(hf).double())
    names = hook_names(oracle.config)
    ask = frozenset(n for n in names if n.endswith(ON_REQUEST))
    lengths = [len(r) for r in ROWS]

    logits, kept = captured(oracle, ROWS)
    kept = {**captured(oracle, ROWS, ask)[1], **kept}
    assert sorted(kept) == sorted(names), set(kept) ^ set(names)
    native = oracle.native(ROWS)
    assert differ("logits", logits, native, lengths) < 2e-6, ("the taps change transformers' logits", differ("logits", logits, native, lengths))
    precise = {**captured(oracle64, ROWS, ask)[1], "logits": captured(oracle64, ROWS)[0]}
    noise = {n: differ(n, x, precise[n], lengths) for n, x in {**kept, "logits": logits}.items()}
    assert max(noise.values()) < NOISE, max(noise.items(), key=lambda x: x[1])

    tensors: dict[str, Tensor] = {"logits": flat("logits", logits, lengths)}
    copies = (*SPLIT, "hook_mlp_in")
    # Split inputs are copies of resid_pre, mlp_in of what the MLP reads, resid_pre of the block before's resid_post: the test compares with those.
    tensors |= {f"act/{n}": flat(n, kept[n], lengths) for n in names if not n.endswith(copies)}
    for kind in ("int8", "int4"):
        lg, acts = captured(Oracle(dequantized_model(hf, kind)), ROWS[:1])
        tensors[f"{kind}/logits"] = lg
        tensors |= {f"{kind}/act/{n}": acts[n] for n in names if n.endswith(QUANTIZED)}

    variants = FAMILIES[family][3]
    for label, change in variants.items():
        tensors[f"variant/{label}"] = flat("logits", variant(family, hf, change).native(ROWS), lengths)
        assert differ("logits", variant(family, hf, change).native(ROWS), logits, lengths) > 1e-2, label

    copied = [n for n in names if n.startswith("blocks.1.") and n.endswith(copies)]
    grads = {}
    for label, hooks, requested in (("logitDiff", gradient_hooks(names), frozenset()), ("logitDiff, copies", copied, frozenset(copied))):
        values, g = gradient(oracle, METRIC, ROWS, hooks, requested, None, None, {})
        values64, g64 = gradient(oracle64, METRIC, ROWS, hooks, requested, None, None, {})
        worst_gradient = max([relative(values, values64), *(differ(h, g[h], g64[h], lengths) for h in hooks)])
        assert worst_gradient < 1e-4, worst_gradient
        tensors |= {f"gradient/{label}/{h}": flat(h, g[h], lengths) for h in hooks} | {f"gradient/{label}/values": values}
        grads[label] = dict(metric=METRIC, hooks=hooks, noise=worst_gradient)

    cases = {}
    for i, (label, interventions) in enumerate(edits(oracle.config, names).items()):
        plan = dict(interventions=interventions, prompts=PROMPTS)
        with torch.no_grad():
            edited, edited64 = Editor(oracle, plan, ROWS, {}).run(), Editor(oracle64, plan, ROWS, {}).run()
        worst, effect = differ("logits", edited, edited64, lengths), differ("logits", edited, logits, lengths)
        assert worst < NOISE and effect > 1e-3, (label, worst, effect)
        tensors[f"edit/{i}"] = flat("logits", edited, lengths)
        cases[label] = dict(interventions=interventions, noise=worst)
    save(f"tiny-{family}", tensors, dict(rows=ROWS, prompts=PROMPTS, hooks=names, noise=dict(float64=noise), variants=variants,
                                         gradients=grads, cases=cases))
    cap = oracle.config.attn_logit_softcapping if family == "gemma2" else None
    if cap:
        scores = torch.cat([kept[n].flatten() for n in names if n.endswith("attn_scores")])
        assert scores[scores.isfinite()].abs().max() > 0.9 * cap, "the cap does not bite"
        assert logits.abs().max() > 0.9 * oracle.config.final_logit_softcapping
    print(f"tiny {family}: {len(names)} hooks; float32 noise {max(noise.values()):.1e}; {len(cases)} edits (noise {max(c['noise'] for c in cases.values()):.1e}); gradient noise {worst_gradient:.1e}")
