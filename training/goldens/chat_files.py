"""Which of a repository's chat templates transformers takes, wherever they lie: what its tokenizer and its processor say of each."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from transformers import AutoTokenizer, ProcessorMixin

from store import save_json
from vocabularies import KINDS

CONFIG, JINJA, LEGACY = "tokenizer_config.json", "chat_template.jinja", "chat_template.json"
NAMED = "additional_chat_templates/{}.jinja"
SAYS = "{{% for m in messages %}}{}:{{{{ m.content }}}}{{% endfor %}}\n"


def config(template=None) -> str:
    return json.dumps(dict(tokenizer_class="PreTrainedTokenizerFast", eos_token="<|endoftext|>") | ({} if template is None else dict(chat_template=template)))


CASES = dict(
    config={CONFIG: config(SAYS.format("config"))},
    jinja={CONFIG: config(), JINJA: SAYS.format("jinja")},
    jinja_over_config={CONFIG: config(SAYS.format("config")), JINJA: SAYS.format("jinja")},
    without_config={JINJA: SAYS.format("jinja")},
    named={CONFIG: config(), JINJA: SAYS.format("jinja"), NAMED.format("tool_use"): SAYS.format("tools"), NAMED.format("rag"): SAYS.format("rag")},
    named_default={CONFIG: config(), NAMED.format("default"): SAYS.format("a named one"), NAMED.format("rag"): SAYS.format("rag")},
    both_defaults={CONFIG: config(), JINJA: SAYS.format("jinja"), NAMED.format("default"): SAYS.format("a named one")},
    named_alone={CONFIG: config(SAYS.format("config")), NAMED.format("rag"): SAYS.format("rag")},
    list_in_config={CONFIG: config([dict(name="rag", template=SAYS.format("rag")), dict(name="default", template=SAYS.format("listed"))])},
    list_without_default={CONFIG: config([dict(name="rag", template=SAYS.format("rag"))])},
    deeper={CONFIG: config(SAYS.format("config")), "additional_chat_templates/x/default.jinja": SAYS.format("deeper"), "x/chat_template.jinja": SAYS.format("deeper")},
    line_ends={CONFIG: config(), JINJA: "{{ messages[0].content }}\r\nnext\r\n{{ 'end' }}\r\n"},
    mark={CONFIG: config(), JINJA: "\ufeff{{ messages[0].content }}"},
    none={CONFIG: config()},
    legacy={CONFIG: config(), LEGACY: json.dumps(dict(chat_template=SAYS.format("legacy")))},
    legacy_and_config={CONFIG: config(SAYS.format("config")), LEGACY: json.dumps(dict(chat_template=SAYS.format("legacy")))},
    legacy_and_jinja={CONFIG: config(), JINJA: SAYS.format("jinja"), LEGACY: json.dumps(dict(chat_template=SAYS.format("legacy")))},
)
MESSAGES = [dict(role="user", content="Hello")]


def make() -> None:
    rows = {}
    for name, files in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            for path, text in files.items():
                (Path(folder) / path).parent.mkdir(parents=True, exist_ok=True)
                (Path(folder) / path).write_bytes(text.encode())
            (Path(folder) / "tokenizer.json").write_text(KINDS["gpt2"]().to_str())
            (Path(folder) / "config.json").write_text('{"model_type": "gpt2"}')
            try:
                text = AutoTokenizer.from_pretrained(folder).apply_chat_template(MESSAGES, tokenize=False)
            except ValueError:
                text = None
            template = ProcessorMixin.get_processor_dict(folder)[0].get("chat_template")
        rows[name] = dict(files=files, text=text, processor=template if isinstance(template, str) else None)
        print(f"{name}: {text!r}")
    save_json("chat-files", dict(kind="gpt2", messages=MESSAGES, rows=rows))
