"""The same job as `prebake render` in Python, for comparison: YAML in, files out.

A competent pipeline of well-known parts: PyYAML (C loader), jinja2, a JSON Schema validator, difflib. It renders
about as many files of about the same size from the same config. It compiles no Bicep, expands nothing and
checks no rules, so that it does far less than prebake in the time.

    pip install pyyaml jinja2 jsonschema-rs
    python benches/python/pipeline.py CONFIG... -o DIR
"""

import argparse
import difflib
import hashlib
import json
import pathlib
import sys

import jinja2
import yaml

try:
    import jsonschema_rs
except ImportError:
    jsonschema_rs = None
    import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def validator():
    schema = json.loads((ROOT / "schemas/config.schema.json").read_text())
    if jsonschema_rs is not None:
        return jsonschema_rs.validator_for(schema).validate
    return jsonschema.Draft202012Validator(schema).validate


def stage(name, config):
    """A template of the size of the real stage: the committed render is its fixed text."""
    text = (ROOT / "out/vision" / name).read_text()
    return text.replace("{{", "{ {").replace("{%", "{ %").replace("{#", "{ #") + "{{ config.name }}\n"


class Pipeline:
    def __init__(self):
        self.validate = validator()
        environment = jinja2.Environment(autoescape=False, keep_trailing_newline=True)
        names = sorted(
            str(path.relative_to(ROOT / "out/vision"))
            for path in (ROOT / "out/vision").rglob("*")
            if path.is_file() and path.name != "manifest.json"
        )
        self.templates = {name: environment.from_string(stage(name, None)) for name in names}

    def render(self, path, out):
        config = yaml.load(path.read_bytes(), Loader=LOADER)
        self.validate(config)
        files = {name: template.render(config=config) for name, template in self.templates.items()}
        digests = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in files.items()}
        files["manifest.json"] = json.dumps(digests, indent=2) + "\n"
        folder = out / config["name"]
        changed = 0
        for name, text in files.items():
            target = folder / name
            before = target.read_text() if target.exists() else ""
            if before == text:
                continue
            changed += sum(1 for _ in difflib.unified_diff(before.splitlines(), text.splitlines()))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        return changed


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("paths", nargs="+", type=pathlib.Path)
    arguments.add_argument("-o", "--output", type=pathlib.Path, default=pathlib.Path("out"))
    arguments = arguments.parse_args()
    configs = []
    for path in arguments.paths:
        configs.extend(sorted(path.rglob("*.yaml")) if path.is_dir() else [path])
    pipeline = Pipeline()
    changed = sum(pipeline.render(path, arguments.output) for path in configs)
    print(f"{len(configs)} configs, {changed} lines of diff", file=sys.stderr)


if __name__ == "__main__":
    main()
