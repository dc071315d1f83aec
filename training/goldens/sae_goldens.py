"""Tiny random SAEs in SAELens' own files, with SAELens' encode and decode of fixed rows."""

from __future__ import annotations

import json
import shutil

import torch
from sae_lens import SAE
from sae_lens.registry import get_sae_class

from store import TESTDATA, relative, save

D_IN, D_SAE, N = 32, 40, 5
SITES = {
    # name: (architecture, hook, config)
    "jumprelu": ("jumprelu", "blocks.0.hook_resid_post", dict(apply_b_dec_to_input=False)),
    "jumprelu_z": ("jumprelu", "blocks.1.attn.hook_z", dict(apply_b_dec_to_input=True, reshape_activations="hook_z")),
    "standard": ("standard", "blocks.1.hook_resid_pre", dict(apply_b_dec_to_input=True)),
    "topk": ("topk", "blocks.1.hook_mlp_out", dict(apply_b_dec_to_input=True, k=7)),
}


def build(name: str):
    architecture, hook, options = SITES[name]
    cls, config = get_sae_class(architecture)
    cfg = config.from_dict(dict(architecture=architecture, d_in=D_IN, d_sae=D_SAE, dtype="float32", device="cpu", metadata=dict(hook_name=hook, model_name="tiny", prepend_bos=True)) | options)
    sae = cls(cfg)
    g = torch.Generator().manual_seed(sum(map(ord, name)))
    with torch.no_grad():
        for key, p in sae.named_parameters():
            noise = torch.randn(p.shape, generator=g)
            if key == "W_enc":
                p.copy_(noise / D_IN**0.5)
            elif key == "W_dec":
                p.copy_(noise / noise.norm(dim=1, keepdim=True))
            elif key == "threshold":
                p.copy_(noise.abs() * 0.8)
            else:
                p.copy_(0.3 * noise)
    if options.get("reshape_activations") == "hook_z":
        sae.turn_on_forward_pass_hook_z_reshaping()
        sae.hook_z_reshaping_mode = True
    return sae.eval()


def make() -> dict:
    """Writes the SAEs and their golden; returns {id: (hook, sae)} for interventions."""
    folder = TESTDATA / "tiny-saes"
    shutil.rmtree(folder, ignore_errors=True)
    tensors, meta, found = {}, {}, {}
    x = 1.5 * torch.randn(N, D_IN, generator=torch.Generator().manual_seed(5))
    for name, (architecture, hook, _) in SITES.items():
        sae = build(name)
        sae.save_model(str(folder / name))
        loaded = SAE.load_from_disk(str(folder / name), device="cpu")
        z = x.view(N, 4, 8) if name.endswith("_z") else x
        with torch.no_grad():
            f = loaded.encode(z)
            y = loaded.decode(f)
            assert torch.equal(f, sae.encode(z))
            double = SAE.load_from_disk(str(folder / name), device="cpu").double()
            f64 = double.encode(z.double())
            noise = max(relative(f, f64), relative(y, double.decode(f64)))
        assert noise < 2e-6 and torch.equal(f > 0, f64 > 0), (name, noise)
        seed = torch.randn(N, D_IN, generator=torch.Generator().manual_seed(6))
        xg = z.clone().requires_grad_()
        loss = (loaded.decode(loaded.encode(xg)).reshape(N, D_IN) * seed).sum()
        tensors |= {f"{name}/features": f, f"{name}/reconstruction": y.reshape(N, D_IN), f"{name}/gradient": torch.autograd.grad(loss, xg)[0].reshape(N, D_IN)}
        meta[name] = dict(architecture=architecture, hookName=hook, noise=noise, active=[int(v) for v in (f > 0).sum(1)])
        found[f"tiny/{name}"] = (hook, loaded)
        cfg = json.loads((folder / name / "cfg.json").read_text())
        print(f"sae {name}: {cfg.get('architecture')} active {meta[name]['active']} noise {noise:.1e}")
    tensors |= {"x": x, "seed": seed}
    save("tiny-saes", tensors, meta)
    return found
