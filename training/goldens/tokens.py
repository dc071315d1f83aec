"""2,000 strings and their ids from Python's tokenizers, of `primer`'s tokenizer.json."""

from __future__ import annotations

import json
import random

from common import MODEL_DIR, OUT, load_tokenizer
from store import save_json, sha256

N = 2000
EMOJI = "😀🎉👍🏽👩‍👩‍👧‍👦🏳️‍🌈❤️☕🚀🇩🇪🇯🇵🧑‍💻✨🔥"
CJK = "日本語の文字列は面白い。中文分词测试，标点符号！한국어 문장입니다 漢字カタカナひらがな"
WORDS = "naïve café Zürich São Paulo Ελλάδα Москва עברית العربية ไทย हिन्दी Ångström ﬁn ½ ² Ⅻ ßtraße İstanbul don't we'll I'VE it's Year 1999 3.14159 10,000 0x1F".split(" ")
COMBINING = ["e\u0301", "a\u0308", "n\u0303o", "Z\u0324\u0340\u035bal\u0321go\u0318", "\u0915\u094d\u0937", "\u200b", "\ufeff", "\u202eabc", "\u00ad", "i\u0307"]
SPACE = [" ", "  ", "   ", "\t", "\n", "\n\n", "\r\n", " \n ", "\u00a0", "\u3000", "\u2003", "\u0085", "\x0b", "\x1f", "        "]
CODE = ["def f(x, y=1):\n    return x + y\n", "for (let i = 0; i < n; i++) { a[i] = i ** 2; }", "SELECT * FROM t WHERE a <> 'b';", "<div class=\"x\">&nbsp;</div>", "x\\ny\\t\\u00e9",
        "a->b::c<T>&& d|e^f~g`h`", "{\"k\": [1, 2.5e-3, null]}", "#!/bin/sh\necho \"$HOME\" | grep -v '^#' > /dev/null 2>&1", "f'{x!r:>10}'", "λx.x+1 ≠ ∀∃∑∫√∞"]
CONTROL = ["\x00", "\x01\x02", "\x7f", "\x80\x9f", "<|endoftext|>", "<|endoftext|> and <|endoftext|>", "<|end", "￿", "\U0001fffe", "\U0010ffff"]


def strings() -> list[str]:
    rng = random.Random(20240917)
    out = ["", *SPACE, *COMBINING, *CODE, *CONTROL, EMOJI, CJK, *WORDS]
    path = OUT / "evals" / "validation.jsonl"
    assert path.exists(), f"no {path}: run npx tsx scripts/curriculum-export.ts --evals --out training/out/evals"
    text = [json.loads(line)["text"] for line in open(path, encoding="utf-8")]
    for doc in text[::4]:
        at = rng.randrange(max(1, len(doc) - 60))
        out.append(doc[at:at + rng.randint(5, 90)])
    pieces = [*SPACE, *COMBINING, *CONTROL, *CODE, *WORDS, *EMOJI, *CJK]
    while len(out) < N - 200:
        out.append("".join(rng.choice(pieces) + rng.choice(["", "", " "]) for _ in range(rng.randint(1, 7))))
    while len(out) < N:  # any code points but surrogates
        out.append("".join(chr(c) for c in (rng.choice([rng.randrange(0x20, 0x250), rng.randrange(0x250, 0x3000), rng.randrange(0x3000, 0xD800), rng.randrange(0xE000, 0x110000)])
                                            for _ in range(rng.randint(1, 12)))))
    return out[:N]


def make() -> None:
    path = MODEL_DIR / "tokenizer.json"
    tok = load_tokenizer(path)
    texts = strings()
    ids = [e.ids for e in tok.encode_batch(texts)]
    save_json("tokenizer", dict(sha256=sha256(path), texts=texts, ids=ids, decoded=[None if (d := tok.decode(i, skip_special_tokens=False)) == t else d for t, i in zip(texts, ids, strict=True)]))
    print(f"tokenizer: {len(texts)} strings, {sum(map(len, ids))} tokens, {len({i for row in ids for i in row})} different ones")
