"""Console blocks of the documentation: `$ curl …` and, below it, what came back (`…` stands for anything)."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)


@dataclass(frozen=True)
class Example:
    command: str
    answer: str

    def run(self, variables: Mapping[str, str]) -> str:
        """What curl would print, in a shell with these variables."""
        return _curl(_words(self.command, variables))

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


def variables_of(url: str, keys: Mapping[str, str]) -> dict[str, str]:
    """What `up` prints as lines `export …`."""
    return {"URL": url, **{preset.upper(): key for preset, key in keys.items()}}


def _words(command: str, variables: Mapping[str, str]) -> list[str]:
    """As a shell makes them: it knows the variables and what `$(date …)` prints. An unknown variable is an error."""
    script = ["sh", "-euc", f"printf '%s\\0' {command}"]
    done = subprocess.run(script, env={**os.environ, **variables}, stdout=subprocess.PIPE, check=True)
    return done.stdout.decode().split("\0")[:-1]


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
