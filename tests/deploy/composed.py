"""Reading compose.yaml as Compose does, as far as ours goes: variables, merges, and a schema of what it may say."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

# name, then nothing, ":-default" or ":?message"
_VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>[A-Z_]+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\})")


class Missing(Exception):
    """A variable that has to be set is not."""


def read(path: Path, variables: Mapping[str, str]) -> dict[str, Any]:
    """Return the project with its variables filled in, merges done and extensions (x-...) gone.

    Raises: Missing, for a variable with `:?` that is not set.
    """
    whole = yaml.load(path.read_text(), Loader=_Strict)  # noqa: S506 - a SafeLoader
    filled = _filled({key: value for key, value in whole.items() if not key.startswith("x-")}, variables)
    assert isinstance(filled, dict)
    return filled


def variables_in(path: Path) -> dict[str, str | None]:
    """Return each variable with its default, None where it has to be set."""
    found = (match for match in _VARIABLE.finditer(_uncommented(path)) if match["name"])
    return {match["name"]: match["rest"] if match["kind"] == "-" else None for match in found}


def _uncommented(path: Path) -> str:
    return "\n".join(line for line in path.read_text().splitlines() if not line.lstrip().startswith("#"))


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, variables) for item in value]
    return _VARIABLE.sub(lambda match: _value(match, variables), value) if isinstance(value, str) else value


def _value(match: "re.Match[str]", variables: Mapping[str, str]) -> str:
    name = match["name"]
    if name is None:
        return "$"
    if variables.get(name):
        return variables[name]
    if match["kind"] == "-":
        return str(match["rest"])
    raise Missing(f"{name}: {match['rest']}")


class _Strict(yaml.SafeLoader):
    """Refuses a key that stands twice: the second would silently win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        keys = [key.value for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        assert len(keys) == len(set(keys)), f"a key stands twice, line {node.start_mark.line + 1}: {keys}"
        return super().construct_mapping(node, deep)


# ---- the schema: what our services may say, and in which form

STRING = {"type": "string"}
STRINGS = {"type": "array", "items": STRING, "uniqueItems": True}
DURATION = {"type": "string", "pattern": r"^\d+(ms|s|m|h)$"}
SIZE = {"type": "string", "pattern": r"^\d+[kmg]$"}
ENVIRONMENT = {
    "type": "object",
    "propertyNames": {"pattern": "^[A-Z][A-Z0-9_]*$"},
    # Numbers and truth values are spelled differently by YAML and by programs.
    "additionalProperties": STRING,
}
HEALTHCHECK = {
    "oneOf": [
        {"type": "object", "properties": {"disable": {"const": True}}, "required": ["disable"], "maxProperties": 1},
        {
            "type": "object",
            "properties": {
                "test": {
                    "type": "array",
                    "items": STRING,
                    "minItems": 2,
                    "prefixItems": [{"enum": ["CMD", "CMD-SHELL"]}],
                },
                "interval": DURATION,
                "timeout": DURATION,
                "start_period": DURATION,
                "retries": {"type": "integer", "minimum": 1},
            },
            "required": ["test", "interval", "timeout", "retries", "start_period"],
            "additionalProperties": False,
        },
    ]
}
LIMITS = {
    "type": "object",
    "properties": {
        "cpus": {"type": "string", "pattern": r"^\d+(\.\d+)?$"},
        "memory": SIZE,
        "pids": {"type": "integer", "minimum": 16},
    },
    "required": ["cpus", "memory", "pids"],
    "additionalProperties": False,
}
DEPLOY = {
    "type": "object",
    "properties": {
        "replicas": {"type": "integer"},
        "resources": {
            "type": "object",
            "properties": {"limits": LIMITS},
            "required": ["limits"],
            "additionalProperties": False,
        },
    },
    "required": ["resources"],
    "additionalProperties": False,
}
DEPENDS = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "properties": {"condition": {"enum": ["service_healthy", "service_completed_successfully"]}},
        "required": ["condition"],
        "additionalProperties": False,
    },
}
SERVICE = {
    "type": "object",
    "properties": {
        "image": {"type": "string", "pattern": r"^[a-z0-9./-]+:[\w.-]*\d[\w.-]*$"},
        "build": {
            "type": "object",
            "properties": {"context": STRING, "dockerfile": STRING},
            "additionalProperties": False,
        },
        "command": STRINGS,
        "entrypoint": STRINGS,
        "user": {"type": "string", "pattern": r"^[1-9]\d*:\d+$"},
        "init": {"type": "boolean"},
        "read_only": {"type": "boolean"},
        "cap_drop": {"const": ["ALL"]},
        "cap_add": STRINGS,
        "security_opt": {"const": ["no-new-privileges:true"]},
        "restart": {"enum": ["no", "unless-stopped"]},
        "networks": STRINGS,
        "ports": STRINGS,
        "environment": ENVIRONMENT,
        "secrets": STRINGS,
        "volumes": STRINGS,
        "tmpfs": STRINGS,
        "shm_size": SIZE,
        "stop_grace_period": DURATION,
        "stop_signal": {"enum": ["SIGINT", "SIGTERM"]},
        "profiles": STRINGS,
        "depends_on": DEPENDS,
        "healthcheck": HEALTHCHECK,
        "deploy": DEPLOY,
        "logging": {
            "type": "object",
            "properties": {"driver": {"const": "json-file"}, "options": ENVIRONMENT | {"propertyNames": {}}},
            "required": ["driver", "options"],
        },
    },
    "required": ["image", "cap_drop", "security_opt", "restart", "networks", "deploy", "logging"],
    "additionalProperties": False,
}
NETWORK = {"type": "object", "properties": {"internal": {"const": True}}, "additionalProperties": False}
PROJECT = {
    "type": "object",
    "properties": {
        "name": {"const": "ofmemory"},
        "services": {"type": "object", "additionalProperties": SERVICE},
        "networks": {"type": "object", "additionalProperties": NETWORK},
        "volumes": {"type": "object", "additionalProperties": {"type": "object", "maxProperties": 0}},
        "secrets": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {"file": {"type": "string", "pattern": "^deploy/secrets/"}},
                "required": ["file"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["name", "services", "networks", "volumes", "secrets"],
    "additionalProperties": False,
}
