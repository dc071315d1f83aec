"""Interventions that the tiny models are edited with: every kind, with the places, sources and options that the kind has."""

from __future__ import annotations

import torch

RESID_SAE, Z_SAE = "tiny/jumprelu", "tiny/jumprelu_z"

# Its second edit does nothing, so it must equal the first alone; the oracle's own split path has no taps in the norm.
IDLE_COPY = "an edited norm while single queries read apart"


def vector(n: int, seed: int) -> list[float]:
    """Short decimals, so that both sides read the same float32 from the JSON."""
    return [round(x, 3) for x in torch.randn(n, generator=torch.Generator().manual_seed(seed)).tolist()]


def plans(llama: bool) -> dict[str, list[dict]]:
    b0, b1 = "blocks.0.", "blocks.1."
    kv = [1] if llama else [1, 3]
    one = lambda **i: [i]  # noqa: E731
    cases = {
        # zero
        "zero everywhere": one(kind="zero", hook=b0 + "hook_mlp_out"),
        "zero heads at the last position": one(kind="zero", hook=b1 + "attn.hook_z", heads=[1, 3], positions=[-1]),
        "zero neurons at two positions": one(kind="zero", hook=b0 + "mlp.hook_post", units=[0, 5, 40], positions=[1, -2]),
        "zero units of heads": one(kind="zero", hook=b0 + "attn.hook_z", heads=[0, 2], units=[1, 7]),
        "zero a position that only one row has": one(kind="zero", hook=b0 + "hook_resid_pre", positions=[4]),
        "zero a pattern's query": one(kind="zero", hook=b1 + "attn.hook_pattern", heads=[0], positions=[2]),
        "zero keys": one(kind="zero", hook=b0 + "attn.hook_k", heads=kv),
        "zero the embedding of a token": one(kind="zero", hook="hook_embed", positions=[1]),
        "zero what a head writes": one(kind="zero", hook=b0 + "attn.hook_result", heads=[2], positions="prompt"),
        "zero what a query reads": one(kind="zero", hook=b1 + "hook_q_input", heads=[1]),
        "zero what keys and values read": [dict(kind="zero", hook=b1 + "hook_k_input", heads=kv, positions=[0, 1]), dict(kind="zero", hook=b1 + "hook_v_input", heads=[0])],
        "zero what the MLP reads": one(kind="zero", hook=b1 + "hook_mlp_in", positions=[-1]),
        "zero the middle residual": one(kind="zero", hook=b0 + "hook_resid_mid", units=list(range(8))),
        "zero generated only": one(kind="zero", hook=b0 + "hook_mlp_out", positions="generated"),
        # scale
        "scale scores": one(kind="scale", hook=b0 + "attn.hook_attn_scores", factor=0.5, heads=[0, 1]),
        "scale a norm": one(kind="scale", hook=b1 + "ln2.hook_scale", factor=1.25),
        "scale a normalized residual": one(kind="scale", hook=b0 + "ln1.hook_normalized", factor=0.75, positions=[1, 2]),
        "scale the final norm's output": one(kind="scale", hook="ln_final.hook_normalized", factor=-2, positions=[-1]),
        "scale an attention output": one(kind="scale", hook=b1 + "hook_attn_out", factor=3),
        # mean
        "mean of heads over the batch": one(kind="mean", hook=b1 + "attn.hook_z", over="batch", heads=[2]),
        "mean over two prompts": one(kind="mean", hook=b0 + "hook_attn_out", over="batch", prompts=[0, 2]),
        "mean over batch and positions": one(kind="mean", hook=b0 + "hook_mlp_out", over="batch+positions"),
        "mean over batch and positions, last token's neurons": one(kind="mean", hook=b1 + "mlp.hook_post", over="batch+positions", positions=[-1], units=[3, 4, 5], prompts=[1]),
        # patch
        "patch the residual at a position": one(kind="patch", hook=b1 + "hook_resid_pre", prompt=1, positions=[2]),
        "patch from other positions": one(kind="patch", hook=b0 + "hook_resid_post", prompt=1, positions=[1, -1], sourcePositions=[-1, 0]),
        "patch a head from a shorter prompt": one(kind="patch", hook=b0 + "attn.hook_z", prompt=1, heads=[0]),
        "patch values": one(kind="patch", hook=b1 + "attn.hook_v", prompt=0, heads=kv, positions=[0, 1, 2]),
        "patch a pattern": one(kind="patch", hook=b1 + "attn.hook_pattern", prompt=2, heads=[3]),
        "patch a pattern from other positions": one(kind="patch", hook=b1 + "attn.hook_pattern", prompt=1, positions=[-1], sourcePositions=[-1], heads=[1, 2]),
        "patch the embedding": one(kind="patch", hook="hook_embed", prompt=2, positions=[3]),
        "patch what a head writes": one(kind="patch", hook=b1 + "attn.hook_result", prompt=0, heads=[1]),
        # add
        "add numbers to the residual": one(kind="add", hook=b0 + "hook_resid_post", coefficient=0.7, vector=dict({"from": "values"}, values=vector(32, 1)), positions=[1, -1]),
        "add numbers to one head": one(kind="add", hook=b1 + "attn.hook_z", coefficient=1.5, vector=dict({"from": "values"}, values=vector(8, 2)), heads=[2]),
        "add numbers to all heads": one(kind="add", hook=b1 + "attn.hook_z", coefficient=-1, vector=dict({"from": "values"}, values=vector(32, 3))),
        "add a decoder row": one(kind="add", hook=b0 + "hook_resid_post", coefficient=4, vector=dict({"from": "decoder"}, sae=RESID_SAE, feature=9)),
        "add a decoder row to z": one(kind="add", hook=b1 + "attn.hook_z", coefficient=3, vector=dict({"from": "decoder"}, sae=Z_SAE, feature=23), positions=[-1]),
        "add a contrast": one(kind="add", hook=b1 + "hook_resid_pre", coefficient=0.5, vector=dict({"from": "contrast"}, positive=0, negative=1, position=-1)),
        "add a contrast of z": one(kind="add", hook=b0 + "attn.hook_z", coefficient=2, vector=dict({"from": "contrast"}, positive=2, negative=0, position=1), positions=[2]),
        # attention
        "block attention": one(kind="blockAttention", layers=[0, 1], query=[-1], key=[1, 2]),
        "block attention of heads from everywhere to the first token": one(kind="blockAttention", layers=[1], heads=[0, 3], query="all", key=[0]),
        "block a query's every key": one(kind="blockAttention", layers=[0], query=[2], key="all"),
        "freeze patterns under an edit": [dict(kind="freezePattern", layers=[0, 1]), dict(kind="scale", hook="hook_embed", factor=-0.5, positions=[1])],
        "freeze one head's pattern to another prompt's": one(kind="freezePattern", layers=[0], heads=[1], prompt=1),
        "freeze patterns to a longer prompt's": one(kind="freezePattern", layers=[1], prompt=2),
        # several
        "two edits of one hook, in order": [dict(kind="scale", hook=b0 + "hook_mlp_out", factor=2), dict(kind="patch", hook=b0 + "hook_mlp_out", prompt=0, positions=[-1]),
                                             dict(kind="zero", hook=b0 + "hook_mlp_out", units=[0, 1])],
        "an edited norm while single queries read apart": [dict(kind="scale", hook=b1 + "ln1.hook_normalized", factor=1.5, positions=[-1]),
                                                           dict(kind="scale", hook=b1 + "hook_q_input", factor=1)],
    }
    assert IDLE_COPY in cases
    for mode, value in (("set", 3), ("scale", 2.5), ("add", 1.5)):
        for error in (True, False):
            extra = {} if error else {"errorTerm": False}
            cases[f"feature: {mode}, {'with' if error else 'without'} error term"] = one(kind="saeFeature", sae=RESID_SAE, feature=4, mode=mode, value=value, **extra)
    cases["feature of z at a position"] = one(kind="saeFeature", sae=Z_SAE, feature=5, mode="set", value=2, positions=[-1])
    cases["feature of z switched off"] = one(kind="saeFeature", sae=Z_SAE, feature=20, mode="set", value=0)
    if llama:
        cases["zero rotated queries"] = one(kind="zero", hook=b0 + "attn.hook_rot_q", heads=[3], positions=[3, -1])
        cases["patch rotated keys"] = one(kind="patch", hook=b1 + "attn.hook_rot_k", prompt=1, heads=[0])
        cases["scale the linear branch"] = one(kind="scale", hook=b0 + "mlp.hook_pre_linear", factor=0.3)
    else:
        cases["zero a position embedding"] = one(kind="zero", hook="hook_pos_embed", positions=[2])
    return cases
