"""Reading Dockerfile and .dockerignore as the builder does, as far as ours go; what is not understood is an error."""

import fnmatch
import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

KNOWN = {"ARG", "FROM", "LABEL", "ENV", "WORKDIR", "RUN", "COPY", "USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"}


@dataclass(frozen=True)
class Instruction:
    name: str
    text: str

    @property
    def flags(self) -> list[str]:
        return [word for word in self.text.split() if word.startswith("--")]

    @property
    def words(self) -> list[str]:
        return [word for word in self.text.split() if not word.startswith("--")]

    @property
    def argv(self) -> list[str]:
        """The JSON form; the shell form would put a shell between signals and the program."""
        argv = json.loads(self.text[self.text.index("[") :])
        assert all(isinstance(word, str) for word in argv)
        return argv


@dataclass
class Stage:
    """One FROM and what follows."""

    base: str
    name: str
    instructions: list[Instruction] = field(default_factory=list)

    def all(self, name: str) -> list[Instruction]:
        return [instruction for instruction in self.instructions if instruction.name == name]

    def one(self, name: str) -> Instruction:
        (found,) = self.all(name)
        return found

    @property
    def environment(self) -> dict[str, str]:
        pairs = (pair for env in self.all("ENV") for pair in shlex.split(env.text))
        return dict(pair.split("=", 1) for pair in pairs)


def read(path: Path) -> list[Stage]:
    """Return the stages, with the ARGs before the first FROM filled in."""
    defaults: dict[str, str] = {}
    stages: list[Stage] = []
    for instruction in _instructions(path.read_text()):
        assert instruction.name in KNOWN, instruction
        if instruction.name == "FROM":
            base, word, name = instruction.text.split()
            assert word == "AS"
            stages.append(Stage(re.sub(r"\$\{(\w+)\}", lambda m: defaults[m[1]], base), name))
        elif stages:
            stages[-1].instructions.append(instruction)
        else:
            assert instruction.name == "ARG", "only ARG may come before FROM"
            name, _, value = instruction.text.partition("=")
            defaults[name] = value
    return stages


def _instructions(text: str) -> list[Instruction]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    found = [line.split(None, 1) for line in joined.splitlines() if line.strip()]
    return [Instruction(name, rest.strip()) for name, rest in found]


class Ignored:
    """What .dockerignore keeps from the builder: the last pattern that fits decides."""

    def __init__(self, path: Path) -> None:
        lines = (line.strip() for line in path.read_text().splitlines())
        self._patterns = [line for line in lines if line and not line.startswith("#")]

    def __call__(self, path: str) -> bool:
        ignored = False
        for pattern in self._patterns:
            bare = pattern.removeprefix("!")
            if any(_fits(part, bare) for part in _with_parents(path)):
                ignored = not pattern.startswith("!")
        return ignored


def _with_parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]


def _fits(path: str, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return any(_fits("/".join(path.split("/")[start:]), pattern[3:]) for start in range(path.count("/") + 1))
    # A star stays within one folder.
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))


def copied(stage: Stage, root: Path, ignored: Ignored) -> list[tuple[Path, str]]:
    """Return what COPY takes from the context: (file, place below WORKDIR)."""
    found: list[tuple[Path, str]] = []
    for copy in stage.all("COPY"):
        if any(flag.startswith("--from=") for flag in copy.flags):
            continue
        *sources, target = copy.words
        for source in sources:
            assert (root / source).exists(), f"COPY {source}: there is nothing of that name"
            found += [(file, _place(file, root / source, target)) for file in _files(root / source, root, ignored)]
    return found


def _files(source: Path, root: Path, ignored: Ignored) -> list[Path]:
    files = [source] if source.is_file() else sorted(path for path in source.rglob("*") if path.is_file())
    return [path for path in files if not ignored(path.relative_to(root).as_posix())]


def _place(file: Path, source: Path, target: str) -> str:
    if source.is_dir():
        return f"{target.removeprefix('./').rstrip('/')}/{file.relative_to(source).as_posix()}"
    return (target + file.name if target.endswith("/") else target).removeprefix("./")
