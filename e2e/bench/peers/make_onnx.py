"""ONNX files of the model in a GGUF file, as onnxruntime-genai's model builder makes them: what transformers.js is measured on.

usage: make_onnx.py FILE.gguf OUT
writes config.json, generation_config.json and onnx/model*.onnx below OUT, by transformers.js' names of precisions:
  q4    int4 in symmetric groups of 32, multiplied with int8 activations (MatMulNBits, accuracy level 4)
  int8  the same with 8 bits
  q8    transformers.js' default on WASM: int8 by rows, activations quantized as they come (quantize_dynamic)
  fp32  the dequantized weights
q4 and q8 round the weights of the GGUF once more. Attention is one operator (GroupQueryAttention, with the rotation), and only
the last position's logits are computed. Needs what training/requirements.txt and the one here list.
"""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.append(str(ROOT / "training" / "goldens"))

import gguf  # noqa: E402
import onnx  # noqa: E402
import onnxruntime_genai  # noqa: E402
import torch  # noqa: E402
from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: E402
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast  # noqa: E402

from vocabularies import gguf_bpe  # noqa: E402

BUILDER = Path(onnxruntime_genai.__file__).parent / "models" / "builder.py"
BUILT = {"fp32": "model.onnx", "int8": "model_int8.onnx", "int4": "model_q4.onnx"}


def fix_cache(graph: onnx.ModelProto, heads: int, width: int) -> None:
    """transformers.js makes the empty cache by the shapes of the inputs, and takes a dimension with a name of its own for 0."""
    for value in [*graph.graph.input, *graph.graph.output]:
        if value.name.startswith(("past_key_values.", "present.")):
            _, at_heads, _, at_width = value.type.tensor_type.shape.dim
            at_heads.dim_value, at_width.dim_value = heads, width


def main() -> None:
    file, out = Path(sys.argv[1]), Path(sys.argv[2])
    meta = {k: f.contents() for k, f in gguf.GGUFReader(str(file)).fields.items() if k.startswith("tokenizer.")}
    read = AutoModelForCausalLM.from_pretrained(str(file.parent), gguf_file=file.name, dtype=torch.float32)
    # A copy that knows nothing of GGUF: transformers refuses to save the model that it read.
    if hasattr(read.config, "quantization_config"):
        del read.config.quantization_config
    model = AutoModelForCausalLM.from_config(read.config, dtype=torch.float32)
    model.load_state_dict(read.state_dict())
    with tempfile.TemporaryDirectory() as scratch:
        checkpoint = Path(scratch) / "checkpoint"
        model.save_pretrained(checkpoint)
        # The builder asks for one; no text goes through it.
        PreTrainedTokenizerFast(tokenizer_object=gguf_bpe(meta)).save_pretrained(checkpoint)
        draft = Path(scratch) / "out"
        (draft / "onnx").mkdir(parents=True)
        for name in ("config.json", "generation_config.json"):
            shutil.copy(checkpoint / name, draft / name)
        for precision, name in BUILT.items():
            built = Path(scratch) / precision
            options = ["--extra_options", "prune_lm_head=true", "accuracy_level=4", "block_size=32"]
            command = [sys.executable, str(BUILDER), "-i", str(checkpoint), "-o", str(built), "-p", precision, "-e", "cpu", "-c", scratch]
            subprocess.run([*command, *options], check=True, stdout=sys.stderr)
            graph = onnx.load(built / "model.onnx")
            fix_cache(graph, model.config.num_key_value_heads, model.config.head_dim)
            # One file, with the weights in it.
            onnx.save(graph, draft / "onnx" / name)
        quantize_dynamic(draft / "onnx" / "model.onnx", draft / "onnx" / "model_quantized.onnx", op_types_to_quantize=["MatMul"], weight_type=QuantType.QInt8)
        shutil.copytree(draft, out, dirs_exist_ok=True)


if __name__ == "__main__":
    main()
