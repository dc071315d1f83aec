"""Consistency of the committed bundle: digests, shapes, tokenizer, SAEs. Run: python test_bundle.py (or pytest)."""

import hashlib
import json

import torch
from safetensors.torch import load_file

from common import MODEL_DIR, SAE_DIR, load_tokenizer
from model import from_hf_state
from quantize import config_of, dequantize_model
from saes import decode, encode, from_int8


def manifest() -> dict:
    return json.loads((MODEL_DIR / "manifest.json").read_text())


def test_digests() -> None:
    m = manifest()
    for f in [*m["files"], *m["saes"]]:
        b = (MODEL_DIR / f["path"]).read_bytes()
        assert len(b) == f["bytes"] and hashlib.sha256(b).hexdigest() == f["sha256"], f["path"]


def model():
    return from_hf_state(dequantize_model(load_file(str(MODEL_DIR / "model.int8.safetensors"))), config_of(MODEL_DIR))


def test_model_reads_its_own_text() -> None:
    m, tok = model(), load_tokenizer(MODEL_DIR / "tokenizer.json")
    c = manifest()["config"]
    assert tok.get_vocab_size() == c["vocab_size"] == m.c.vocab and tok.token_to_id("<|endoftext|>") == 0
    for e in manifest()["examples"]:
        ids = [0] + tok.encode(e["prompt"]).ids
        assert len(ids) <= c["n_ctx"] and tok.decode(ids[1:]) == e["prompt"]
        with torch.no_grad():
            p = m(torch.tensor([ids]))[0, -1].softmax(-1)
        assert p.max() > 3 / m.c.vocab, e  # far from uniform


def test_well_known_prompts() -> None:
    """The sentence of every talk on indirect objects, with either giver and in either order."""
    m, tok = model(), load_tokenizer(MODEL_DIR / "tokenizer.json")
    for pair in ("Mary and John", "John and Mary"):
        for giver, other in (("John", "Mary"), ("Mary", "John")):
            ids = [0] + tok.encode(f"When {pair} went to the store, {giver} gave a drink to").ids
            with torch.no_grad():
                p = m(torch.tensor([ids]))[0, -1].softmax(-1)
            assert p[tok.encode(f" {other}").ids[0]] > 0.5, (pair, giver, tok.decode([int(p.argmax())]), float(p.max()))


def test_saes() -> None:
    m, tok = model(), load_tokenizer(MODEL_DIR / "tokenizer.json")
    ids = torch.tensor([[0] + tok.encode(manifest()["examples"][0]["prompt"]).ids])
    keep: dict[str, torch.Tensor] = {}
    with torch.no_grad():
        m.run(ids, keep=keep)
    for e in manifest()["saes"]:
        raw = load_file(str(SAE_DIR / e["id"] / "sae_weights.int8.safetensors"))
        s = from_int8(raw)
        assert s["W_enc"].shape == (e["dIn"], e["dSae"]) == tuple(reversed(s["W_dec"].shape))
        assert raw["max_activation"].shape == raw["density"].shape == s["threshold"].shape == (e["dSae"],)
        x = keep[e["hookName"]][0, 1:].reshape(ids.shape[1] - 1, -1)
        f = encode(s, x)
        fvu = ((x - decode(s, f)).pow(2).sum() / (x - x.mean(0)).pow(2).sum()).item()
        assert 0 < (f > 0).float().sum(1).mean() < 100 and fvu < 0.5, (e["id"], fvu)


if __name__ == "__main__":
    for name, f in list(globals().items()):
        if name.startswith("test_"):
            f()
            print("ok", name)
