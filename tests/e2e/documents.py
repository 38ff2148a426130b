"""Console blocks of the documentation: `$ curl …` and, below it, what came back (`…` stands for anything)."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import httpx

BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)


@dataclass(frozen=True)
class Example:
    command: str
    answer: str

    def run(self, url: str, keys: dict[str, str]) -> str:
        """What curl would print."""
        text = self.command.replace("$URL", url)
        for preset, key in keys.items():
            text = text.replace(f"${preset.upper()}", key)
        return _curl(shlex.split(text))

    def fits(self, printed: str) -> bool:
        pattern = ".*".join(re.escape(part) for part in self.answer.split("…"))
        return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


def examples(page: Path) -> list[Example]:
    """The commands of a page with their answers, in order: later ones may build on earlier ones."""
    found = []
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, answer = step.partition("\n")
            found.append(Example(command, answer.strip()))
    return found


def _curl(words: list[str]) -> str:
    """The few options of curl that the documentation uses. Raises ValueError for others."""
    method, headers, body, suffix, url = None, {}, None, "", ""
    rest = iter(words[1:])
    for word in rest:
        if word == "-X":
            method = next(rest)
        elif word == "-H":
            name, _, value = next(rest).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(rest).encode()
        elif word == "-w":
            suffix = next(rest)
        elif not word.startswith("-"):
            url = word
        elif word != "-s":
            raise ValueError(f"unknown option {word}")
    answer = httpx.request(method or ("POST" if body else "GET"), url, headers=headers, content=body, trust_env=False)
    return answer.text + suffix.replace("\\n", "\n").replace("%{http_code}", str(answer.status_code))
