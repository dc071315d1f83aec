"""Goldens of the GGUF reader: blocks of every type as gguf-py dequantizes them, and tiny models of every architecture as llama.cpp's
converter writes them, with the checkpoint that each one was made of.

usage: gguf_files.py     (writes workers/testdata/gguf/, a few hundred kB; needs `gguf`)
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent)]

import gguf  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from gguf import GGMLQuantizationType as T  # noqa: E402
from safetensors.numpy import save_file  # noqa: E402
from transformers import AutoConfig, AutoModelForCausalLM  # noqa: E402

from store import TESTDATA  # noqa: E402

OUT = TESTDATA / "gguf"
# Bytes of a block at which a half-precision number stands (Q6_K keeps its one at the end).
HALVES = {T.Q4_0: [0], T.Q4_1: [0, 2], T.Q5_0: [0], T.Q5_1: [0, 2], T.Q8_0: [0], T.Q4_K: [0, 2], T.Q5_K: [0, 2], T.Q6_K: [208]}
ROWS, COLUMNS = 3, 512


def blocks(rng: np.random.Generator) -> None:
    """Random bits with scales of either sign: every value of every field occurs."""
    writer = gguf.GGUFWriter(OUT / "blocks.gguf", "llama")
    writer.add_uint64("test.long", 2**40 + 1)
    writer.add_array("test.texts", ["ein", "", "▁drei"])
    expected: dict[str, np.ndarray] = {}
    for kind, places in HALVES.items():
        size, width = gguf.GGML_QUANT_SIZES[kind]
        raw = rng.integers(0, 256, (ROWS * COLUMNS // size, width), dtype=np.uint8)
        for at in places:
            scale = (rng.uniform(-2, 2, len(raw)) * 10.0 ** rng.integers(-4, 1, len(raw))).astype(np.float16)
            raw[:, at : at + 2] = scale.view(np.uint8).reshape(-1, 2)
        raw = raw.reshape(ROWS, -1)
        writer.add_tensor(kind.name, raw, raw_shape=raw.shape, raw_dtype=kind)
        expected[kind.name] = gguf.dequantize(raw, kind).reshape(ROWS, COLUMNS)
    for kind in (T.F32, T.F16, T.BF16):
        values = rng.normal(0, 1, (ROWS, COLUMNS)).astype(np.float32) * 10.0 ** rng.integers(-7, 4, (ROWS, COLUMNS)).astype(np.float32)
        raw = gguf.quantize(values.clip(-60000, 60000), kind)
        writer.add_tensor(kind.name, raw, raw_shape=raw.shape if kind == T.BF16 else None, raw_dtype=kind)
        expected[kind.name] = gguf.dequantize(raw, kind).reshape(ROWS, COLUMNS).astype(np.float32)
    finish(writer)
    save_file(expected, OUT / "blocks.safetensors")


def finish(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


SMALL = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, vocab_size=24, max_position_embeddings=64)
ROTARY = dict(SMALL, num_key_value_heads=2, head_dim=8)
GEMMA = dict(ROTARY, sliding_window=16, head_dim=16, query_pre_attn_scalar=16)
CONFIGS = {
    "llama": AutoConfig.for_model("llama", **ROTARY, tie_word_embeddings=False, attention_bias=True, rope_theta=50000.0),
    "qwen2": AutoConfig.for_model("qwen2", **{k: v for k, v in ROTARY.items() if k != "head_dim"}, tie_word_embeddings=True),
    "qwen3": AutoConfig.for_model("qwen3", **dict(ROTARY, head_dim=16), tie_word_embeddings=True),
    "gemma2": AutoConfig.for_model("gemma2", **GEMMA),
    "gemma3": AutoConfig.for_model("gemma3_text", **GEMMA),
    "gpt2": AutoConfig.for_model("gpt2", n_embd=32, n_head=4, n_layer=2, n_positions=64, vocab_size=24),
    "gptneox": AutoConfig.for_model("gpt_neox", **SMALL, rotary_pct=0.25, tie_word_embeddings=False),
}
NAMES = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output", "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down", "pre_feedforward_layernorm": "ffn_norm", "post_feedforward_layernorm": "post_ffw_norm",
    "transformer.wte": "token_embd", "transformer.wpe": "position_embd", "transformer.ln_f": "output_norm", "ln_1": "attn_norm",
    "ln_2": "ffn_norm", "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
    "gpt_neox.embed_in": "token_embd", "gpt_neox.final_layer_norm": "output_norm", "embed_out": "output",
    "attention.query_key_value": "attn_qkv", "attention.dense": "attn_output", "mlp.dense_h_to_4h": "ffn_up", "mlp.dense_4h_to_h": "ffn_down",
}  # fmt: skip


def own_name(arch: str, name: str) -> str:
    stem, kind = name.rsplit(".", 1)
    for prefix in ("model.layers.", "transformer.h.", "gpt_neox.layers."):
        if stem.startswith(prefix):
            layer, part = stem.removeprefix(prefix).split(".", 1)
            if part == "post_attention_layernorm":
                return f"blk.{layer}.{'post_attention_norm' if arch.startswith('gemma') else 'ffn_norm'}.{kind}"
            return f"blk.{layer}.{NAMES[part]}.{kind}"
    return f"{NAMES[stem]}.{kind}"


def converted(arch: str, name: str, w: np.ndarray, config) -> np.ndarray:
    """What llama.cpp's convert_hf_to_gguf.py does to the tensor."""
    if arch == "llama" and ("q_proj" in name or "k_proj" in name):
        heads = config.num_attention_heads if "q_proj" in name else config.num_key_value_heads
        return w.reshape(heads, 2, w.shape[0] // heads // 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)
    if arch.startswith("gemma") and name.endswith("norm.weight"):
        return w + 1
    if arch == "gpt2" and name.endswith((".c_attn.weight", ".c_proj.weight", ".c_fc.weight")):
        return w.T
    if arch == "gptneox" and "query_key_value" in name:
        heads = config.num_attention_heads
        apart = w.reshape(heads, 3, -1, *w.shape[1:])
        return np.concatenate([apart[:, i].reshape(-1, *w.shape[1:]) for i in range(3)])
    return w


def metadata(w: gguf.GGUFWriter, arch: str, c) -> None:
    w.add_vocab_size(c.vocab_size)
    w.add_context_length(c.max_position_embeddings)
    w.add_embedding_length(c.hidden_size)
    w.add_block_count(c.num_hidden_layers)
    w.add_head_count(c.num_attention_heads)
    w.add_feed_forward_length(4 * c.hidden_size if arch == "gpt2" else c.intermediate_size)
    w.add_bos_token_id(1)
    w.add_eos_token_id(2)
    if arch in ("gpt2", "gptneox"):
        w.add_layer_norm_eps(c.layer_norm_epsilon if arch == "gpt2" else c.layer_norm_eps)
        if arch == "gptneox":
            w.add_rope_dimension_count(int(0.25 * c.hidden_size / c.num_attention_heads))
            w.add_parallel_residual(c.use_parallel_residual)
        return
    w.add_head_count_kv(c.num_key_value_heads)
    w.add_layer_norm_rms_eps(c.rms_norm_eps)
    head = getattr(c, "head_dim", None) or c.hidden_size // c.num_attention_heads
    w.add_key_length(head)
    w.add_value_length(head)
    if arch == "llama":
        w.add_rope_dimension_count(head)
        w.add_rope_freq_base(50000.0)
    if arch.startswith("gemma"):
        w.add_sliding_window(c.sliding_window)
    if arch == "gemma2":
        w.add_attn_logit_softcapping(c.attn_logit_softcapping)
        w.add_final_logit_softcapping(c.final_logit_softcapping)


def models() -> None:
    for arch, config in CONFIGS.items():
        torch.manual_seed(5)
        model = AutoModelForCausalLM.from_config(config).eval()
        for p in model.parameters():
            # Numbers that half precision holds: files are half as large, and nothing is rounded.
            p.data = torch.randn_like(p).mul(0.3).half().float()
        state = {k: v.numpy() for k, v in model.state_dict().items() if v.ndim in (1, 2)}
        if config.tie_word_embeddings:
            state = {k: v for k, v in state.items() if k not in ("lm_head.weight", "embed_out.weight")}
        if arch == "gptneox":
            # As checkpoints of the Hub name it.
            state["embed_out.weight"] = state.pop("lm_head.weight")
        writer = gguf.GGUFWriter(OUT / f"{arch}.gguf", arch)
        metadata(writer, arch, config)
        for name, w in state.items():
            tensor = np.ascontiguousarray(converted(arch, name, w, config))
            writer.add_tensor(own_name(arch, name), tensor.astype(np.float16) if tensor.ndim == 2 else tensor)
        if arch == "llama":
            writer.add_tensor("rope_freqs.weight", np.array([1, 2, 4, 8], np.float32))
        finish(writer)
        save_file({k: np.ascontiguousarray(v.astype(np.float16)) for k, v in state.items()}, OUT / f"{arch}.safetensors")
        oracle(arch, state)


def oracle(arch: str, state: dict[str, np.ndarray]) -> None:
    """transformers reads the files back to the same checkpoint, where it knows the architecture."""
    from transformers.modeling_gguf_pytorch_utils import GGUF_SUPPORTED_ARCHITECTURES, load_gguf_checkpoint

    if arch not in GGUF_SUPPORTED_ARCHITECTURES:
        print(f"{arch}: not known to transformers' own reader")
        return
    try:
        model = AutoModelForCausalLM.from_pretrained(str(OUT), gguf_file=f"{arch}.gguf", dtype=torch.float32)
    except Exception as error:
        print(f"{arch}: transformers does not load the tiny file ({type(error).__name__}: {error})")
        return
    read = {k: v.numpy() for k, v in model.state_dict().items()}
    worst = {k: float(np.abs(read[k] - v).max()) if read[k].shape == v.shape else float("inf") for k, v in state.items() if k in read}
    print(f"{arch}: transformers differs by at most {max(worst.values()):.2g} ({max(worst, key=worst.get)})")


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    blocks(np.random.default_rng(7))
    models()
    for path in OUT.iterdir():
        path.chmod(0o644)
    print(f"{sum(p.stat().st_size for p in OUT.iterdir())} bytes")


if __name__ == "__main__":
    main()
