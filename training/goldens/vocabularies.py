"""2,000 strings and their ids under a small tokenizer of every kind that the families have, from Python's tokenizers and SentencePiece.

The tokenizers are trained here, on this machine's own texts, as those of the Hub cannot be committed: their splitting, normalising, added
tokens and decoding are those of the families; only their vocabularies are small.

usage: vocabularies.py FILE.gguf NAME     (the same strings under the vocabulary of a GGUF file; make.py --tokenizer writes the small ones)
"""

from __future__ import annotations

import io
import json
import random
import sys
import sysconfig
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as proto
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from store import save_json
from tokens import CJK, CODE, COMBINING, CONTROL, EMOJI, SPACE, WORDS

N = 2000
GPT4 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|NUMBER| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
# llama.cpp's where a file names no splitting.
GGUF_DEFAULT = [r"[\p{P}\$\+<=>\^~\|]+", r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)", r"\p{N}+", r"[0-9][0-9][0-9]"]
NFC = ["\u1112\u1161\u11ab", "\u110b\u1165", "\u0958", "\u212b", ">\u0338", "<|im_end|>\u0338", "q\u0323\u0307", "\u0b47\u0b3e", "\u1025\u102e", "\ufb1d", "\u2126", "\u0344", "\uac00\u11a8"]
HTML = ["<table><tr><td>x</td></tr></table>", "<b>bold</b>", "<!-- c -->", "<h1 id='a'>T</h1>", "&amp;&#x27;", "<br/>", "<a href=\"?a=1&b=2\">"]
LONG = ["a" * 300, "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 4, "ab" * 200, "0123456789" * 30, "的" * 120, "😀" * 60, "=" * 200, "x_" * 150, "\n" * 40, " " * 70, "\t" * 35, "http://example.org/" + "q" * 250]
SPELLED = ["▁", "▁▁", " ▁ ", "Ġ", "<0x0A>", "<0xE4>", "<bos>", "<eos>", "<unk>", "<pad>", "<start_of_turn>user\n", "<|im_start|>", "<|im_end|>\n", "<|endoftext|>", "<|begin_of_text|>", "<|eot_id|>", "[multimodal]", "<unused7>", "<|pad", "<s>", "</s>", "I'M don'T WE'LL"]


def corpus() -> list[str]:
    folder = Path(sysconfig.get_paths()["stdlib"])
    files = [folder / name for name in ("argparse.py", "inspect.py", "turtle.py", "statistics.py", "html/entities.py", "LICENSE.txt")]
    text = [p.read_text(encoding="utf-8", errors="replace")[:60_000] for p in files if p.exists()]
    return [line for t in text for line in t.splitlines(keepends=True)] + [*WORDS, *CODE, CJK, *HTML, "Größe naïve Москва Ελλάδα"] * 8


def strings() -> list[str]:
    rng = random.Random(20250611)
    lines = [line for line in corpus() if len(line) > 20]
    out = ["", *SPACE, *COMBINING, *CODE, *CONTROL, *NFC, *HTML, *LONG, *SPELLED, EMOJI, CJK, *WORDS]
    while len(out) < 700:
        line = rng.choice(lines)
        at = rng.randrange(max(1, len(line) - 60))
        out.append(line[at:at + rng.randint(5, 90)])
    pieces = [*SPACE, *COMBINING, *CONTROL, *CODE, *WORDS, *EMOJI, *CJK, *NFC, *HTML, *SPELLED]
    while len(out) < N - 200:
        out.append("".join(rng.choice(pieces) + rng.choice(["", "", " ", "  "]) for _ in range(rng.randint(1, 7))))
    while len(out) < N:  # any code points but surrogates
        out.append("".join(chr(c) for c in (rng.choice([rng.randrange(0x20, 0x250), rng.randrange(0x250, 0x3000), rng.randrange(0x3000, 0xD800), rng.randrange(0xE000, 0x110000)])
                                            for _ in range(rng.randint(1, 12)))))
    return out[:N]


def byte_level(pre, normalizer=None, special=("<|endoftext|>",), size: int = 900) -> Tokenizer:
    tok = Tokenizer(models.BPE(unk_token=None))
    if normalizer:
        tok.normalizer = normalizer
    tok.pre_tokenizer = pre
    tok.decoder = decoders.ByteLevel()
    tok.train_from_iterator(corpus(), trainers.BpeTrainer(vocab_size=size, special_tokens=list(special), show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return tok


def split_bytes(*patterns: str):
    return pre_tokenizers.Sequence([*(pre_tokenizers.Split(Regex(p), behavior="isolated") for p in patterns), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def gpt2() -> Tokenizer:
    return byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False))


def neox() -> Tokenizer:
    tok = byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False), normalizers.NFC(), ("<|endoftext|>", "<|padding|>"))
    tok.add_tokens([AddedToken(" " * n, normalized=True, special=False) for n in range(24, 1, -1)])
    return tok


def llama3() -> Tokenizer:
    tok = byte_level(split_bytes(GPT4.replace("NUMBER", r"\p{N}{1,3}")), special=())
    data = json.loads(tok.to_str())
    # Words that no merge leads to: found only because merges are ignored for whole words of the vocabulary.
    for word in ("Ġstatistics", "ĠMoskva", "Ġdon", "abab", "...)", "Ġ".join(["Ċ", ""])):
        data["model"]["vocab"].setdefault(word, len(data["model"]["vocab"]))
    data["model"]["ignore_merges"] = True
    tok = Tokenizer.from_str(json.dumps(data))
    tok.add_special_tokens([AddedToken(t, normalized=False, special=True) for t in ("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")])
    tok.post_processor = processors.TemplateProcessing(single="<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", tok.token_to_id("<|begin_of_text|>"))])
    return tok


def qwen2() -> Tokenizer:
    tok = byte_level(split_bytes(GPT4.replace("NUMBER", r"\p{N}")), normalizers.NFC(), special=())
    tok.add_special_tokens([AddedToken(t, normalized=False, special=True) for t in ("<|endoftext|>", "<|im_start|>", "<|im_end|>")])
    tok.add_tokens([AddedToken(t, normalized=False, special=False) for t in ("<tool_call>", "</tool_call>")])
    return tok


def smollm() -> Tokenizer:
    return byte_level(pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]), special=("<|endoftext|>", "<|im_start|>", "<|im_end|>"))


def gguf_default() -> Tokenizer:
    return byte_level(split_bytes(*GGUF_DEFAULT))


def pieces(normalizer, pre, user=()) -> Tokenizer:
    """BPE over SentencePiece's pieces, trained word by word, then set up as the families have it."""
    tok = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tok.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never", split=True)
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"]
    tok.train_from_iterator(corpus(), trainers.BpeTrainer(vocab_size=1200, special_tokens=[*special, *(f"<0x{b:02X}>" for b in range(256))], show_progress=False, limit_alphabet=200))
    data = json.loads(tok.to_str())
    data["added_tokens"] = [t for t in data["added_tokens"] if not t["content"].startswith("<0x")]
    tok = Tokenizer.from_str(json.dumps(data))
    if normalizer:
        tok.normalizer = normalizer
    tok.pre_tokenizer = pre
    tok.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tok.add_tokens(list(user))
    return tok


def gemma() -> Tokenizer:
    runs = [AddedToken("\n" * n, normalized=False, special=False) for n in range(1, 8)] + [AddedToken("▁" * n, normalized=False, special=False) for n in range(2, 8)]
    html = [AddedToken(t, normalized=True, special=False) for t in ("<table>", "</table>", "<b>", "</b>", "<h1>", "&amp; x")]
    return pieces(normalizers.Replace(" ", "▁"), pre_tokenizers.Split(" ", behavior="merged_with_previous"), [*runs, *html])


def llama2() -> Tokenizer:
    return pieces(normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]), None)


def metaspace() -> Tokenizer:
    return pieces(None, pre_tokenizers.Metaspace(prepend_scheme="first", split=False))


KINDS = dict(gpt2=gpt2, neox=neox, llama3=llama3, qwen2=qwen2, smollm=smollm, gguf_default=gguf_default, gemma=gemma, llama2=llama2, metaspace=metaspace)
# Both ways in which tokenizer.json writes merges.
STRING_MERGES = ("gpt2", "smollm", "llama2")


def answers(tok: Tokenizer, texts: list[str], offsets: int = 0) -> dict:
    encoded = tok.encode_batch(texts, add_special_tokens=False)
    ids = [e.ids for e in encoded]
    out = dict(ids=ids, decoded={i: d for i, t in enumerate(texts) if (d := tok.decode(ids[i], skip_special_tokens=False)) != t})
    return out | (dict(offsets=[e.offsets for e in encoded[:offsets]]) if offsets else {})


def trained_pieces(texts: list[str]) -> dict:
    """A SentencePiece model as GGUF files hold them, and what SentencePiece itself makes of the texts."""
    model = io.BytesIO()
    user = ["\n\n", "\n\n\n", "▁▁", "▁▁▁", "▁▁▁▁", "<b>", "</b>", "<table>", "[multimodal]"]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([line.rstrip("\n") for line in corpus() if line.strip()]), model_writer=model, model_type="bpe", vocab_size=1500, byte_fallback=True, character_coverage=0.98,
        normalization_rule_name="identity", remove_extra_whitespaces=False, add_dummy_prefix=False, split_digits=True, allow_whitespace_only_pieces=True,
        pad_id=0, eos_id=1, bos_id=2, unk_id=3, pad_piece="<pad>", eos_piece="<eos>", bos_piece="<bos>", unk_piece="<unk>", control_symbols=["<start_of_turn>", "<end_of_turn>"], user_defined_symbols=user, minloglevel=2)
    of = proto.ModelProto.FromString(model.getvalue())
    sp = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    control = [p.piece for p in of.pieces if p.type in (2, 3)]
    plain = [i for i, t in enumerate(texts) if not any(c in t for c in control) and "\0" not in t]
    return dict(metadata={
        "tokenizer.ggml.model": "llama", "tokenizer.ggml.tokens": [p.piece.replace("▁", " ") if p.type == 4 else p.piece for p in of.pieces], "tokenizer.ggml.scores": [p.score for p in of.pieces],
        "tokenizer.ggml.token_type": [p.type for p in of.pieces], "tokenizer.ggml.bos_token_id": 2, "tokenizer.ggml.eos_token_id": 1, "tokenizer.ggml.unknown_token_id": 3,
        "tokenizer.ggml.add_bos_token": True, "tokenizer.ggml.add_space_prefix": False}, plain=plain, ids=[sp.encode(texts[i]) for i in plain])


def make() -> None:
    texts = strings()
    out: dict = dict(texts=texts, kinds={}, sentencepiece=trained_pieces(texts))
    for name, build in KINDS.items():
        tok = build()
        data = json.loads(tok.to_str())
        if name in STRING_MERGES:
            data["model"]["merges"] = [" ".join(pair) for pair in data["model"]["merges"]]
        out["kinds"][name] = dict(tokenizer=data, **answers(tok, texts, 400 if name in ("qwen2", "gemma") else 0))
        print(f"{name}: {tok.get_vocab_size()} tokens, {sum(map(len, out['kinds'][name]['ids']))} in the texts")
    save_json("tokenizers", out)


def merges_of(tokens: list[str], scores: list[float], kinds: list[int]) -> list[tuple[str, str]]:
    """Merges that lead to each piece, best score first: every way to cut a piece into two of the vocabulary."""
    known = set(tokens)
    rank = {t: i for i, t in enumerate(tokens)}
    found = []
    for piece, score, kind in zip(tokens, scores, kinds, strict=True):
        if kind == 1:
            cuts = [(piece[:i], piece[i:]) for i in range(1, len(piece)) if piece[:i] in known and piece[i:] in known]
            found += [(-score, rank[a], rank[b], a, b) for a, b in cuts]
    return [(a, b) for *_, a, b in sorted(found)]


def gguf_bpe(meta: dict) -> Tokenizer:
    """SmolLM2's: digits one by one, then GPT-2's words."""
    tokens, kinds = meta["tokenizer.ggml.tokens"], meta["tokenizer.ggml.token_type"]
    tok = Tokenizer(models.BPE({t: i for i, t in enumerate(tokens)}, [tuple(m.split(" ")) for m in meta["tokenizer.ggml.merges"]]))
    tok.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tok.decoder = decoders.ByteLevel()
    tok.add_special_tokens([AddedToken(t, normalized=False, special=True) for t, k in zip(tokens, kinds, strict=True) if k == 3])
    return tok


def gguf_pieces(meta: dict) -> tuple[Tokenizer, sentencepiece.SentencePieceProcessor]:
    """Gemma's, twice: as merges for tokenizers, and as the SentencePiece model that it was."""
    tokens, scores, kinds = (meta[f"tokenizer.ggml.{k}"] for k in ("tokens", "scores", "token_type"))
    spaced = [t.replace(" ", "▁") if k == 4 else t for t, k in zip(tokens, kinds, strict=True)]
    tok = Tokenizer(models.BPE({t: i for i, t in enumerate(spaced)}, merges_of(spaced, scores, kinds), unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tok.normalizer = normalizers.Replace(" ", "▁")
    tok.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tok.add_special_tokens([AddedToken(t, normalized=False, special=True) for t, k in zip(spaced, kinds, strict=True) if k == 3])
    tok.add_tokens([AddedToken(t, normalized=True, special=False) for t, k in zip(spaced, kinds, strict=True) if k == 4])
    of = proto.ModelProto()
    of.trainer_spec.model_type = proto.TrainerSpec.BPE
    of.trainer_spec.byte_fallback = True
    of.trainer_spec.vocab_size = len(spaced)
    for name in ("pad", "eos", "bos", "unk"):
        setattr(of.trainer_spec, f"{name}_id", ("pad", "eos", "bos", "unk").index(name))
        setattr(of.trainer_spec, f"{name}_piece", f"<{name}>")
    of.normalizer_spec.name = "identity"
    of.normalizer_spec.add_dummy_prefix = of.normalizer_spec.remove_extra_whitespaces = False
    for i, (piece, score, kind) in enumerate(zip(spaced, scores, kinds, strict=True)):
        of.pieces.add(piece=piece, score=score, type=2 if i == 3 else kind)
    sp = sentencepiece.SentencePieceProcessor(model_proto=of.SerializeToString())
    return tok, sp


def real(path: str, name: str) -> None:
    import gguf
    from store import sha256

    meta = {k: f.contents() for k, f in gguf.GGUFReader(path).fields.items() if k.startswith("tokenizer.")}
    texts = strings()
    if meta["tokenizer.ggml.model"] == "gpt2":
        tok = gguf_bpe(meta)
    else:
        tok, sp = gguf_pieces(meta)
        control = [t for t, k in zip(meta["tokenizer.ggml.tokens"], meta["tokenizer.ggml.token_type"], strict=True) if k == 3]
        plain = [t for t in texts if not any(c in t for c in control) and "\0" not in t]
        other = [(t, a, b) for t in plain if (a := tok.encode(t).ids) != (b := sp.encode(t))]
        print(f"{name}: tokenizers and SentencePiece differ on {len(other)} of {len(plain)} strings", other[:3])
        assert not other
    save_json(f"tokenizer-{name}", dict(sha256=sha256(Path(path)), **answers(tok, texts)))


if __name__ == "__main__":
    real(*sys.argv[1:3])
