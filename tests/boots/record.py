"""Records the corpus: lays each case out, really runs it, and keeps what it wrote.

`python -m tests.boots.record [NAME …]` runs the cases of `cases/*.toml` (all, or those whose name begins with one of
these) and makes the variants of all anew. It wants uv, a package index, /bin/sh, and the Pythons named below; what it
makes is committed, so that the tests want none of them. Logs differ from run to run in their times and process ids.

A case is a tree of `files`, the `packages` of its environment, a `python`, and a command that is `run` in `root` (else
/app) with `env`; `before` and `limit` are lines of shell before it. It may have `seconds` of its own, `requests` to be
sent, a `venv` inside the project, and `most_lines` to be kept. What is `expected` is known from how it was broken:
`boots`, `cause` and what else could be said (`also`), `exception`, `missing`, `frame`, and whether one can be `sure`.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.boots.delivered import FORMS

HERE = Path(__file__).parent
RECORDED = HERE / "recorded"
_PORT = "8080"
_SECONDS = 6.0
_PYTHONS = Path(os.environ.get("PYTHONS", "~/.pyenv/versions")).expanduser()

Case = Mapping[str, Any]


def main(wanted: Sequence[str]) -> None:
    """Record the wanted cases, then write the variants and the index."""
    index = {one["file"]: one for one in _index()}
    with tempfile.TemporaryDirectory(prefix="boots") as folder:
        for case in cases():
            if not wanted or case["name"].startswith(tuple(wanted)):
                entry = _record(case, Path(folder))
                index[entry["file"]] = entry
    told = [
        index[name] | {"what": case["what"], "expected": case["expected"]}
        for case in cases()
        if (name := f"{case['name']}.log") in index
    ]
    # First without the variants: a mistake in those must not lose what was recorded.
    _keep(told)
    _keep([*told, *_vary({one["file"]: one for one in told})])


def _keep(index: Sequence[Case]) -> None:
    text = json.dumps({"boots": index}, indent=1, ensure_ascii=False)
    (HERE / "index.json").write_text(f"{text}\n", encoding="utf-8")


def cases() -> Iterator[Case]:
    """Yield every case, in order of the files and of their places in them."""
    for file in ("imports", "code", "settings", "processes", "more", "healthy"):
        yield from tomllib.loads((HERE / "cases" / f"{file}.toml").read_text(encoding="utf-8"))["boot"]


def _index() -> list[dict[str, Any]]:
    file = HERE / "index.json"
    told: list[dict[str, Any]] = (
        json.loads(file.read_text(encoding="utf-8"))["boots"] if file.exists() else []
    )
    return told


def _record(case: Case, folder: Path) -> dict[str, Any]:
    """Run one case and write its log; return its entry of the index."""
    root = case.get("root", "/app")
    home = folder / case["name"] / root.strip("/")
    for path, text in case["files"].items():
        file = home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.lstrip("\n"), encoding="utf-8", newline="")
    environment, versions = _environment(case, folder, home)
    written, ended = _run(case, home, environment)
    text = _as_in_an_image(written, case, home, environment)
    lines = text.splitlines(keepends=True)[: case.get("most_lines")]
    RECORDED.mkdir(exist_ok=True)
    name = f"{case['name']}.log"
    (RECORDED / name).write_text("".join(lines), encoding="utf-8", newline="")
    sys.stdout.write(f"{name}: {len(lines)} lines, {ended}\n")
    started = {"run": case["run"], "ended": ended, "python": versions.pop("python"), "versions": versions}
    return {"file": name, "what": case["what"], **started, "expected": case["expected"]}


def _environment(case: Case, folder: Path, home: Path) -> tuple[Path, dict[str, str]]:
    """Make a virtual environment, or take one that has the same packages; return it and the versions in it."""
    wanted = case.get("packages", [])
    identity = hashlib.sha256(repr((case["python"], wanted)).encode()).hexdigest()[:8]
    place = home / ".venv" if "venv" in case else folder / f"venv-{identity}"
    python = place / "bin" / "python"
    if not python.exists():
        base = next(_PYTHONS.glob(f"{case['python']}.*")) / "bin" / "python"
        subprocess.run(["uv", "venv", "-q", "-p", base, place], check=True)
        if wanted:
            subprocess.run(["uv", "pip", "install", "-q", "-p", python, *wanted], check=True)
    listed = json.loads(
        subprocess.run(
            ["uv", "pip", "list", "-q", "--format", "json", "-p", python], check=True, capture_output=True
        ).stdout
    )
    named = {re.split(r"[\[<=>]", one)[0] for one in wanted}
    told = subprocess.run([python, "-V"], check=True, capture_output=True, text=True).stdout.split()[1]
    return place, {"python": told} | {one["name"]: one["version"] for one in listed if one["name"] in named}


def _run(case: Case, home: Path, environment: Path) -> tuple[str, str]:
    """Run the command as an image's shell form would; return what it wrote, and how it ended."""
    env = {
        "PATH": f"{environment}/bin:/usr/bin:/bin",
        "HOME": str(home),
        "PORT": _PORT,
        "PYTHONUNBUFFERED": "1",
        "LANG": "C.UTF-8",
        **case.get("env", {}),
    }
    script = "\n".join(filter(None, (case.get("before"), case.get("limit"), f"exec {case['run']}")))
    with (home.parent / "written").open("w+b") as output:
        process = subprocess.Popen(
            ["/bin/sh", "-c", script],
            cwd=home,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        ended = _wait(process, case)
        output.seek(0)
        return output.read().decode(errors="replace"), ended


def _wait(process: "subprocess.Popen[bytes]", case: Case) -> str:
    seconds = case.get("seconds", _SECONDS)
    started = time.monotonic()
    try:
        for path in case.get("requests", ()):
            _ask(process, path)
        code = process.wait(max(1.0, seconds - (time.monotonic() - started)))
    except subprocess.TimeoutExpired:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
        return f"still ran after {seconds:g} s, then SIGTERM"
    else:
        return f"signal {-code}" if code < 0 else f"exit {code}"
    finally:
        # Whatever the command has left behind goes with it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _ask(process: "subprocess.Popen[bytes]", path: str) -> None:
    """Send one request, as soon as somebody listens."""
    for _ in range(60):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{_PORT}{path}", timeout=5).read()
        except urllib.error.HTTPError:
            return
        except OSError:
            if process.poll() is not None:
                return
            time.sleep(0.1)
        else:
            return


def _as_in_an_image(text: str, case: Case, home: Path, environment: Path) -> str:
    """Write paths of this machine as they are in an image of Docker's official Python."""
    local = f"/usr/local/lib/python{case['python']}"
    venv = case.get("venv")
    moved = {
        f"{environment}/lib/python{case['python']}": f"{venv}/lib/python{case['python']}" if venv else local,
        str(environment): venv or "/usr/local",
        str(home): case.get("root", "/app"),
        str(home.parent): "",
    }
    base = next(_PYTHONS.glob(f"{case['python']}.*"))
    moved |= {f"{base}/lib/python{case['python']}": local, f"{base}/bin": "/usr/local/bin"}
    for old, new in moved.items():
        text = text.replace(old, new)
    return text


def _vary(recorded: Mapping[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Write every variant that `variants.toml` asks for; yield their entries of the index."""
    for old in RECORDED.glob("v*"):
        old.unlink()
    asked = tomllib.loads((HERE / "cases" / "variants.toml").read_text(encoding="utf-8"))["variant"]
    for number, variant in enumerate(asked, 1):
        of = recorded.get(f"{variant['of']}.log", {})
        text = (RECORDED / of["file"]).read_text(encoding="utf-8") if of else ""
        form = FORMS[variant["form"]]
        name = f"v{number:02d}-{variant['of']}-{variant['form']}{form.ending}"
        (RECORDED / name).write_text(form.write(text, variant), encoding="utf-8", newline="")
        expected = variant.get("expected") or of["expected"]
        what = variant.get("what") or form.what
        yield {
            "file": name,
            "what": what,
            "made_from": of.get("file", ""),
            "form": variant["form"],
            "expected": expected,
        }


if __name__ == "__main__":
    if shutil.which("uv") is None:
        sys.exit("uv is not installed")
    main(sys.argv[1:])
