"""What the emulator makes of a Dockerfile or Procfile, and what it refuses."""

import sys
from pathlib import Path

import pytest

from buddy_tui.emulator.machine.archive import BuildFailed
from buddy_tui.emulator.machine.command import Command, expand, program, split
from buddy_tui.emulator.machine.dockerfile import Copy, read, web_process

_SEED = b"""\
# syntax=docker/dockerfile:1
FROM python:3.11-slim AS app
WORKDIR /app
COPY requirements.txt ./
RUN pip install --no-cache-dir "uvicorn>=0.30" \\
    # a remark between
    && python -m pip install -r requirements.txt
COPY . .
ENV GREETING="hello world" PLACE=/app/$NOTHING/x
EXPOSE 8080
CMD exec uvicorn "Back_End.main:app" --host 0.0.0.0 --port 8080
"""


def test_the_dockerfile_of_the_incident_is_understood_in_full() -> None:
    recipe = read(_SEED)

    assert recipe.workdir == "/app"
    assert recipe.copies == (
        Copy(3, (), "/app"),
        Copy(4, ("requirements.txt",), "/app/"),
        Copy(8, (".",), "/app/"),
    )
    assert recipe.env == (("GREETING", "hello world"), ("PLACE", "/app//x"))
    words = ("uvicorn", "Back_End.main:app", "--host", "0.0.0.0", "--port", "8080")
    assert recipe.command == Command(words, expands=True)


def test_the_build_log_says_that_nothing_was_installed() -> None:
    log: list[str] = []
    read(_SEED, log.append)

    assert log[0] == "Step 1/8 : FROM python:3.11-slim AS app"
    assert "environment of the emulator stands in" in log[log.index("Step 5/8 : COPY . .") - 1]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("FROM python:3", "a second stage"),
        ("USER nobody", "is not among what the emulator knows: FROM, WORKDIR"),
        ("ADD x /y", "is not among"),
        ("ARG X=1", "is not among"),
        ("FROB x", "cannot be read"),
        ("COPY", "cannot be read"),
        ("COPY --from=build /a /b", "does not know --from=build"),
        ("COPY <<EOF /x\nhi\nEOF", "here-document"),
        ("RUN apt-get install -y curl", "runs nothing while it builds"),
        ("RUN pip install x && rm -rf /", "runs nothing while it builds"),
        ("RUN pip install x; rm -rf /", "runs nothing while it builds"),
        ("RUN pip install $(cat x)", "runs nothing while it builds"),
        ('RUN pip install "$(cat x)"', "runs nothing while it builds"),
        ("ENV A=${B:+c}", "knows $NAME"),
        ("CMD python a.py && python b.py", "'&&' needs a shell"),
        ("CMD python a.py | tee log", "'|' needs a shell"),
        ("CMD python a.py; true", "';' needs a shell"),
        ("CMD python $(cat name)", "needs a shell"),
        ("CMD python a.py > log", "'>' needs a shell"),
        ("CMD python *.py", "'*' needs a shell"),
        ("CMD A=1 python a.py", "the assignment 'A=1'"),
        ("CMD python '$PORT'", "single quotes"),
        ("CMD python ${A:-b c}", "needs a shell"),
        ("CMD exec", "there is no command"),
        ('CMD ["sh", "-c", "python a.py --port $PORT"]', "'sh' is a shell, and the emulator runs none"),
        ("CMD /bin/bash start.sh", "'/bin/bash' is a shell"),
        ('ENTRYPOINT ["/usr/bin/busybox", "sh"]', "is a shell"),
    ],
)
def test_what_cannot_be_emulated_is_refused_with_its_line_and_instruction(line: str, words: str) -> None:
    with pytest.raises(BuildFailed) as failure:
        read(f"FROM python:3.11\nWORKDIR /app\n{line}\n".encode())

    assert str(failure.value).startswith(f"Dockerfile line 3: {line.split(maxsplit=1)[0]}")
    assert words in str(failure.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "The Dockerfile is empty."),
        (b"CMD python a.py\n", "line 1: CMD python a.py: comes before FROM"),
        (b"FROM node:20\n", "line 1: FROM node:20: the emulator has Python and no other base image"),
        (b"FROM python:${VERSION}\n", "has Python and no other base image"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b'FROM python\nENTRYPOINT ["python"]\nCMD a.py\n', "beside an ENTRYPOINT needs a shell"),
    ],
)
def test_a_file_that_is_wrong_from_the_start_is_refused(text: bytes, words: str) -> None:
    with pytest.raises(BuildFailed) as failure:
        read(text)

    assert words in str(failure.value)


@pytest.mark.parametrize(
    ("lines", "entrypoint", "command"),
    [
        ("", (), ("python3",)),
        ('CMD ["a"]\nCMD ["b", "$PORT"]', (), ("b", "$PORT")),
        ('CMD ["x", "a\\u0062"]', (), ("x", "ab")),
        ('ENTRYPOINT ["a"]', ("a",), ()),
        ('ENTRYPOINT ["a"]\nCMD ["b"]', ("a",), ("b",)),
        ('CMD ["b"]\nENTRYPOINT a $PORT', ("a", "80"), ()),
        ("CMD a --port ${PORT:-1} --x ${X:-y}", (), ("a", "--port", "80", "--x", "y")),
    ],
)
def test_the_last_entrypoint_and_command_win(
    lines: str, entrypoint: tuple[str, ...], command: tuple[str, ...]
) -> None:
    recipe = read(f"FROM python\n{lines}\n".encode())

    env = {"PORT": "80"}
    assert (recipe.entrypoint.resolved(env), recipe.command.resolved(env)) == (entrypoint, command)


@pytest.mark.parametrize(
    ("copy", "sources", "target"),
    [
        ("COPY a b", ("a",), "/srv/b"),
        ("COPY a b c", ("a", "b"), "/srv/c/"),
        ("COPY a b/", ("a",), "/srv/b/"),
        ("COPY a /", ("a",), "/"),
        ("COPY a .", ("a",), "/srv/"),
        ("COPY a ../../../b", ("a",), "/b"),
        ("COPY --chown=me:me ${D} $D/x", ("deep",), "/srv/deep/x"),
        ('COPY ["a b", "c d"]', ("a b",), "/srv/c d"),
    ],
)
def test_a_copy_knows_where_it_goes(copy: str, sources: tuple[str, ...], target: str) -> None:
    recipe = read(f"FROM python\nENV D=deep\nWORKDIR /srv\n{copy}\n".encode())

    assert recipe.copies[-1] == Copy(4, sources, target)


def test_a_line_of_env_sees_only_what_stood_before_it() -> None:
    recipe = read(b"FROM python\nENV A=1\nENV A=2 B=$A\nENV OLD a b\nENV C='$A' D=\"$A b\" E=x\\ y\n")

    assert dict(recipe.env) == {"A": "2", "B": "1", "OLD": "a b", "C": "$A", "D": "2 b", "E": "x y"}


def test_the_web_line_of_a_procfile_starts_in_the_workspace() -> None:
    recipe = web_process("release: x\nweb: gunicorn -b :$PORT main:app\n")

    assert recipe is not None
    assert recipe.workdir == "/workspace"
    assert recipe.command.resolved({"PORT": "80"}) == ("gunicorn", "-b", ":80", "main:app")
    assert web_process("worker: x\n") is None
    with pytest.raises(BuildFailed, match=r"Procfile line 2: '&&' needs a shell"):
        web_process("# x\nweb: a && b\n")


def test_a_variable_that_is_not_set_is_empty_and_an_empty_one_takes_its_default() -> None:
    assert expand("$A-${B}-${C:-c}-${D:-d}", {"A": "1", "D": ""}) == "1--c-d"


@pytest.mark.parametrize(
    "text", ['a "`b`"', 'a "$(b)"', "a 'b", "a `b`", "a\nb", "a \\b", "a {b,c}", "a ~", "a #b"]
)
def test_a_shell_form_that_hides_more_is_refused_wherever_it_comes_from(text: str) -> None:
    with pytest.raises(ValueError, match=r"needs a shell|No closing quotation"):
        split(text)


def test_quotes_of_a_shell_form_hold_words_together() -> None:
    assert split("""exec a "b c" 'd e' --x="$Y" """).resolved({"Y": "1 2"}) == ("a", "b c", "d e", "--x=1 2")


@pytest.mark.parametrize("word", ["python", "python3", "python3.12", "/usr/local/bin/python3"])
def test_every_python_is_the_emulators_own(word: str, tmp_path: Path) -> None:
    assert program(word, tmp_path, tmp_path, tmp_path) == (sys.executable,)


def test_a_server_that_is_a_module_needs_no_script_and_a_program_must_exist(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "start").touch()

    assert program("uvicorn", tmp_path, tmp_path, tmp_path) == (sys.executable, "-m", "uvicorn")
    assert program("./start", tmp_path, tmp_path / "app", tmp_path) == (str(tmp_path / "app" / "start"),)
    assert program("/app/start", tmp_path, tmp_path, tmp_path) == (str(tmp_path / "app" / "start"),)
    assert program("start", tmp_path, tmp_path / "app", tmp_path) == ()
    assert program("uvicorn main:app", tmp_path, tmp_path, tmp_path) == ()


def test_a_script_of_the_image_is_started_with_the_emulators_python(tmp_path: Path) -> None:
    start = tmp_path / "start"
    start.write_text("#!/usr/local/bin/python3\n")
    start.chmod(0o755)

    assert program("./start", tmp_path, tmp_path, tmp_path) == (sys.executable, str(start))


@pytest.mark.parametrize("first", ["#!/bin/sh", "#! /usr/bin/env bash", "#!/bin/sh python"])
def test_a_script_for_anything_but_python_is_not_started(first: str, tmp_path: Path) -> None:
    (tmp_path / "start").write_text(f"{first}\n")

    with pytest.raises(
        ValueError, match=r"'./start' is a script for '.*', and the emulator has Python alone"
    ):
        program("./start", tmp_path, tmp_path, tmp_path)


def test_a_program_of_this_machine_that_is_no_python_script_is_not_started(tmp_path: Path) -> None:
    for name, first in {"env": "\x7fELF", "tool": f"#!{sys.executable}"}.items():
        (tmp_path / name).write_text(f"{first}\n")
        (tmp_path / name).chmod(0o755)

    assert program("env", tmp_path, tmp_path, tmp_path) == ()
    assert program("tool", tmp_path, tmp_path, tmp_path) == (str(tmp_path / "tool"),)
