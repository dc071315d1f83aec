"""Golden files of the engine's tests, from transformers, TransformerLens, SAELens and tokenizers.

usage: make.py [--tiny] [--primer] [--tokenizer] [--steering] [--dashboard]     (none: all)
--primer needs public/models/primer and public/saes/primer; run it again whenever that bundle changes (about a minute).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]

import torch  # noqa: E402

from store import LIMIT, total  # noqa: E402


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for part in ("tiny", "primer", "tokenizer", "steering", "dashboard"):
        ap.add_argument(f"--{part}", action="store_true")
    a = ap.parse_args()
    everything = not (a.tiny or a.primer or a.tokenizer or a.steering or a.dashboard)
    torch.set_num_threads(1)
    if a.tiny or everything:
        import sae_goldens
        import tiny

        saes = sae_goldens.make()
        for family in ("gpt2", "llama"):
            tiny.make(family, saes)
        import families

        for family in families.FAMILIES:
            families.make(family)
    if a.primer or everything:
        import primer

        primer.make()
    if a.tokenizer or a.primer or everything:
        import tokens

        tokens.make()
    if a.tokenizer or everything:
        import chat_files
        import chats
        import vocabularies

        vocabularies.make()
        chats.make()
        chat_files.make()
    if a.steering or a.tiny or everything:
        import steering

        steering.make()
    if a.dashboard or a.tiny or everything:
        import dashboard

        dashboard.make()
    print(f"workers/testdata: {total() / 1e6:.2f} MB of {LIMIT / 1e6} MB")
    assert total() <= LIMIT


if __name__ == "__main__":
    main()
