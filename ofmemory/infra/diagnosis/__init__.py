"""What is wrong here, why it matters and what to do: the checks behind `manage.py doctor`.

A check belongs to the room whose matter it is. Infra and the rooms name their modules of checks in ``apps.ready()``;
they are imported when somebody asks, so that no server pays for them.
"""

_modules: list[str] = []


def ask_too(*modules: str) -> None:
    """Let the checks in these modules, by their dotted names, be run."""
    _modules.extend(module for module in modules if module not in _modules)


def modules() -> list[str]:
    """Return the modules with checks, in the order of their registration."""
    return list(_modules)
