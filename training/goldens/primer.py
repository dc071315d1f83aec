"""`primer`: transformers on the dequantized weights of the committed bundle, SAELens on its dequantized SAEs, a greedy continuation."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from common import MODEL_DIR, SAE_DIR, load_tokenizer
from oracle import ON_REQUEST, SPLIT, Lens, Oracle, captured, hook_names
from quant import dequantized_model
from quantize import dequantize_model
from saes import from_int8, write_saelens
from store import relative, save, sha256
from tiny import activations, flat, gradient, real

NOISE = 5e-5
SHORT = ("When Mary and John went", "lamp river")  # cut to 4 and 3 tokens, BOS included
PROMPTS = [
    "When Mary and John went to the store, John gave a drink to", "Then, Lucy and Paul went to the garden. Paul gave a ring to", "After Tom and Anna went to the office, Anna gave the book to",
    "lamp river Tom cake onion lamp river Tom cake", "The war lasted from the year 1732 to the year 17", "The day after Monday is", "January, February, March,", "The month after June is",
    "one, two, three,", "A, B, C,", "hot -> cold, big -> small, up ->", "cat -> cats, dog -> dogs, book ->", "France -> Paris, Italy ->", "def load(self, file, size):\n    \"\"\"",
    "Question:", "Once there was a", "Mary was very happy because", "The keys on the table", "12 plus 7 is", "I",
]
GREEDY = 32
CLEAR = 2e-3  # logits between the first and second choice, at every step of a continuation that is compared


def checkpoint():
    """transformers' GPT-2 with the weights that readers run."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = json.loads((MODEL_DIR / "config.json").read_text())
    hf = GPT2LMHeadModel(GPT2Config(**{k: v for k, v in config.items() if k not in ("architectures", "model_type", "torch_dtype")}))
    state = dequantize_model(load_file(str(MODEL_DIR / "model.int8.safetensors")))
    state["lm_head.weight"] = state["wte.weight"]
    missing, unexpected = hf.load_state_dict({(k if k.startswith("lm_head") else f"transformer.{k}"): v for k, v in state.items()}, strict=False)
    assert not missing and not unexpected, (missing, unexpected)
    return hf.eval()


def sae_golden(entry: dict, acts: Tensor, tensors: dict[str, Tensor], rows: int) -> tuple[dict, float]:
    """Sparse features of the rows [n, ...] and the reconstruction of the last `rows` of them."""
    from sae_lens import SAE

    folder = SAE_DIR / entry["id"]
    parts = from_int8(load_file(str(folder / "sae_weights.int8.safetensors")))
    with tempfile.TemporaryDirectory() as tmp, torch.no_grad():
        write_saelens(Path(tmp), parts, json.loads((folder / "cfg.json").read_text()))
        sae = SAE.load_from_disk(tmp, device="cpu")
        f = sae.encode(acts)
        y = sae.decode(f).reshape(len(acts), -1)
        double = SAE.load_from_disk(tmp, device="cpu").double()
        f64 = double.encode(acts.double())
        y64 = double.decode(f64).reshape(len(acts), -1)
        pre = (acts.reshape(len(acts), -1).double() @ parts["W_enc"].double() + parts["b_enc"].double())
    # A feature this close to its threshold may be on or off in float32; tests leave such entries out.
    near = ((pre - parts["threshold"].double()).abs() < 1e-5 * pre.abs().max()).nonzero().tolist()
    same = (f > 0) == (f64 > 0)
    assert all([int(i), int(j)] in near for i, j in (~same).nonzero())
    active = [row.nonzero().flatten().tolist() for row in f]
    tensors[f"sae/{entry['id']}/values"] = torch.cat([f[i][a] for i, a in enumerate(active)])
    tensors[f"sae/{entry['id']}/reconstruction"] = y[-rows:]
    noise = relative(y, y64)
    return dict(active=active, near=near, sha256=entry["sha256"], noise=noise), noise


@torch.no_grad()
def greedy(hf, ids: list[int]) -> dict:
    """transformers' own greedy generation, and how clear each choice was."""
    hf.set_attn_implementation("eager")
    out = hf.generate(torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long), do_sample=False, max_new_tokens=GREEDY, eos_token_id=None,
                      pad_token_id=0, return_dict_in_generate=True, output_scores=True)
    hf.set_attn_implementation("vitrine")
    top = [s[0].topk(2).values for s in out.scores]
    return dict(prompt=ids, tokens=out.sequences[0, len(ids):].tolist(), smallestGap=min(float(t[0] - t[1]) for t in top))


def make() -> None:
    manifest = json.loads((MODEL_DIR / "manifest.json").read_text())
    weights = next(f for f in manifest["files"] if f["role"] == "weights")
    assert sha256(MODEL_DIR / weights["path"]) == weights["sha256"], "the bundle's manifest does not fit its weights: run training/bundle.py"
    tok = load_tokenizer(MODEL_DIR / "tokenizer.json")
    encode = lambda text: [0] + tok.encode(text).ids  # noqa: E731
    rows = [encode(SHORT[0])[:4], encode(SHORT[1])[:3]]
    lengths = [len(r) for r in rows]

    hf = checkpoint()
    oracle, lens, lens64 = Oracle(hf), Lens(hf), Lens(hf, torch.float64)
    import tiny
    tiny.NOISE = NOISE
    logits, kept, noise = activations(oracle, lens, lens64, rows)
    tensors: dict[str, Tensor] = {"logits/last": torch.stack([real("logits", logits, lengths)[i][-1] for i in range(2)]), "logits/row1": logits[1, : lengths[1]]}
    for n in hook_names(oracle.config):
        if n.endswith((*SPLIT, "hook_mlp_in", "mlp.hook_out")) or (n.endswith("hook_resid_pre") and not n.startswith("blocks.0.")):
            continue  # copies of resid_pre, resid_mid, mlp_out, and of the block before's resid_post: the test compares with those
        tensors[f"act/{n}"] = kept[n][1, : lengths[1]] if n.endswith("result") else flat(n, kept[n], lengths)

    top, second = logits[0, lengths[0] - 1].topk(2).indices.tolist()
    metric = dict(kind="logitDiff", correct=top, wrong=second)
    hooks = ["hook_embed", "blocks.1.hook_resid_pre", "blocks.2.attn.hook_z", "blocks.3.hook_mlp_out"]
    values, g = gradient(oracle, metric, rows, hooks, frozenset(), None, None, {})
    values64, g64 = gradient(lens64, metric, rows, hooks, frozenset(), None, None, {})
    gradient_noise = max(relative(values, values64), *(relative(flat(h, g[h], lengths), flat(h, g64[h], lengths)) for h in hooks))
    assert gradient_noise < 1e-3, gradient_noise
    tensors |= {f"gradient/{h}": flat(h, g[h], lengths) for h in hooks} | {"gradient/values": values}

    int4 = dequantized_model(hf, "int4")
    lg4, acts4 = captured(Oracle(int4), rows)
    tensors["int4/logits/last"] = torch.stack([lg4[i, n - 1] for i, n in enumerate(lengths)])
    last = f"blocks.{oracle.config.n_layer - 1}.hook_resid_post"
    tensors["int4/act/" + last] = flat(last, acts4[last], lengths)

    saes, sae_noise = {}, 0.0
    for entry in manifest["saes"]:
        acts = torch.cat(real(entry["hookName"], kept[entry["hookName"]], lengths))
        saes[entry["id"]], worst = sae_golden(entry, acts, tensors, lengths[1])
        sae_noise = max(sae_noise, worst)
    assert sae_noise < 5e-6, sae_noise

    prompts = []
    for text in PROMPTS:
        ids = encode(text)
        lp = oracle.native([ids])[0, -1].log_softmax(-1)
        best = lp.topk(10)
        prompts.append(dict(text=text, ids=ids, top=best.indices.tolist(), logProbs=[round(x, 6) for x in best.values.tolist()]))
    continuations = []
    for text in PROMPTS:
        continuations.append(greedy(hf, encode(text)))
        if continuations[-1]["smallestGap"] < CLEAR:
            continuations.pop()
        if len(continuations) == 2:
            break
    assert len(continuations) == 2, "no prompt has a clear greedy continuation"
    save("primer", tensors, dict(weightsSha256=weights["sha256"], rows=rows, noise=noise, gradientNoise=gradient_noise, metric=metric, saes=saes, saeNoise=sae_noise, prompts=prompts,
                                 greedy=continuations, int4=dict(logitsFromInt8=max(relative(tensors["int4/logits/last"][i], tensors["logits/last"][i]) for i in range(2)))))
    worst = {k: max(v.values()) for k, v in noise.items()}
    print(f"primer {weights['sha256'][:12]}: noise {worst}, gradients {gradient_noise:.1e}, SAEs {sae_noise:.1e}, near a threshold {sum(len(s['near']) for s in saes.values())}; "
          f"greedy gaps {[round(c['smallestGap'], 4) for c in continuations]}")
