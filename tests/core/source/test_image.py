from collections.abc import Mapping
from pathlib import Path

import pytest

import buddy_tui.emulator.workload
from buddy_tui.source.dockerfile import Build
from buddy_tui.source.image import image_of
from buddy_tui.source.instructions import MOST_INSTRUCTIONS, read_dockerfile
from buddy_tui.source.stage import SITE
from buddy_tui.source.tree import Tree
from buddy_tui.source.values import At, Image, Maker, Unknown
from tests.core.source.uploads import read_upload, upload_of

SAMPLE = Path(buddy_tui.emulator.workload.__path__[0]) / "buddy"
TREE = {
    "main.py": "",
    "pkg/__init__.py": "",
    "pkg/a.py": "",
    "pkg/sub/b.py": "",
    "docs/x.md": "",
    "requirements.txt": "",
}


def image(root: Path, dockerfile: str, files: Mapping[str, str] = TREE) -> Image:
    return image_of(upload_of(root, {**files, "Dockerfile": dockerfile}))


def placed(made: Image) -> dict[str, str]:
    """Return the files of an image without the Dockerfile itself."""
    return {path: file for path, file in made.files.items() if not path.endswith("Dockerfile")}


def from_python(*lines: str) -> str:
    return "\n".join(["FROM python:3.12-slim", *lines])


def test_the_sample_project_is_copied_to_app_and_starts_uvicorn() -> None:
    made = image_of(read_upload(SAMPLE))

    assert made.maker is Maker.DOCKERFILE
    assert (made.workdir, made.python, made.python_at) == ("/app", "3.11", At("Dockerfile", 1))
    assert made.files["/app/Back_End/main.py"] == "Back_End/main.py"
    assert made.command == ("exec", "uvicorn", "Back_End.main:app", "--host", "0.0.0.0", "--port", "8080")
    assert (made.at, made.shell, made.missing, made.unknown) == (At("Dockerfile", 4), False, (), ())


def test_from_back_end_the_same_dockerfile_leaves_no_package_of_that_name() -> None:
    made = image_of(read_upload(SAMPLE / "Back_End"))

    assert made.files["/app/main.py"] == "main.py"
    assert not any(path.startswith("/app/Back_End") for path in made.files)


COPIES = {
    "everything": (["WORKDIR /app", "COPY . ."], {f"/app/{path}": path for path in TREE}),
    "contents of a folder": (["COPY pkg /app"], {f"/app/{p[4:]}": p for p in TREE if p.startswith("pkg/")}),
    "folder into a folder of its name": (["COPY pkg /app/pkg/"], {f"/app/{p}": p for p in TREE if p.startswith("pkg/")}),
    "file to a new name": (["COPY main.py /srv/x.py"], {"/srv/x.py": "main.py"}),
    "file into a folder by a slash": (["COPY main.py /new/"], {"/new/main.py": "main.py"}),
    "file into a folder that is there": (["WORKDIR /new", "COPY main.py /new"], {"/new/main.py": "main.py"}),
    "file into a folder that COPY made": (
        ["COPY docs /new", "COPY main.py /new"],
        {"/new/x.md": "docs/x.md", "/new/main.py": "main.py"},
    ),
    "file to a path that is no folder": (["COPY main.py /new"], {"/new": "main.py"}),
    "several sources": (
        ["WORKDIR /a", "COPY main.py requirements.txt ./"],
        {"/a/main.py": "main.py", "/a/requirements.txt": "requirements.txt"},
    ),
    "json form": (["WORKDIR /a", 'COPY ["main.py", "./"]'], {"/a/main.py": "main.py"}),
    "glob of files": (["COPY pkg/*.py /x/"], {"/x/__init__.py": "pkg/__init__.py", "/x/a.py": "pkg/a.py"}),
    "glob flattens folders": (["COPY p* /x/"], {f"/x/{p[4:]}": p for p in TREE if p.startswith("pkg/")}),
    "parents": (["COPY --parents pkg/sub/b.py /x/"], {"/x/pkg/sub/b.py": "pkg/sub/b.py"}),
    "parents from a pivot": (["COPY --parents ./pkg/./sub/b.py /x/"], {"/x/sub/b.py": "pkg/sub/b.py"}),
    "exclude": (["COPY --exclude=sub --exclude=a.py pkg /x"], {"/x/__init__.py": "pkg/__init__.py"}),
    "flags of no account": (["COPY --chown=1:1 --chmod=755 --link main.py /x/"], {"/x/main.py": "main.py"}),
    "add of a file": (["ADD main.py /x/"], {"/x/main.py": "main.py"}),
    "relative workdir": (["WORKDIR /a", "WORKDIR b", "COPY main.py ."], {"/a/b/main.py": "main.py"}),
    "quoted workdir": (['WORKDIR "/my app"', "COPY main.py ."], {"/my app/main.py": "main.py"}),
    "workdir of a variable": (["ENV HOME_DIR=/srv", "WORKDIR $HOME_DIR/x", "COPY main.py ."], {"/srv/x/main.py": "main.py"}),
    "cd in RUN changes nothing": (["RUN mkdir /x && cd /x", "COPY main.py ./m.py"], {"/m.py": "main.py"}),
    "argument with a default": (["ARG SRC=docs", "COPY ${SRC} /x"], {"/x/x.md": "docs/x.md"}),
    "default of an expansion": (["COPY main.py ${TO:-/y}/"], {"/y/main.py": "main.py"}),
    "removed again": (["COPY . /app", "RUN rm -rf /app/pkg /app/*.txt"], {"/app/main.py": "main.py", "/app/docs/x.md": "docs/x.md"}),
    "lower case and Windows lines": (["workdir /app\r", "copy main.py \\\r", "   # why\r", "  ./\r"], {"/app/main.py": "main.py"}),
    "blanks behind a continuation": (["COPY main.py \\  ", "", "  /x/"], {"/x/main.py": "main.py"}),
    "onbuild is for later": (["ONBUILD COPY docs /x", "COPY main.py /x/"], {"/x/main.py": "main.py"}),
    "upwards ends at the root": (["COPY ../main.py /x/"], {"/x/main.py": "main.py"}),
}  # fmt: skip


@pytest.mark.parametrize("name", COPIES)
def test_copy_puts_files_where_docker_would(tmp_path: Path, name: str) -> None:
    lines, expected = COPIES[name]

    made = image(tmp_path, from_python(*lines))

    assert placed(made) == expected
    assert (made.missing, made.unknown) == ((), ())


def test_a_stage_is_followed_through_copy_from_and_from(tmp_path: Path) -> None:
    made = image(
        tmp_path,
        """ARG PY=3.11
FROM python:${PY}-slim AS Build
WORKDIR /src
COPY . .
RUN pip install --prefix=/install -r requirements.txt gunicorn==22.0
FROM python:$PY AS base
ENV PYTHONPATH=/srv:lib
WORKDIR /srv
ENTRYPOINT ["gunicorn"]
FROM base
COPY --from=build /install /usr/local
COPY --from=0 /src/pkg ./pkg
CMD ["main:app"]
""",
    )

    assert placed(made) == {f"/srv/{path}": path for path in TREE if path.startswith("pkg/")}
    assert (made.requirements, made.installs) == (("requirements.txt",), ("gunicorn==22.0",))
    assert (made.python, made.workdir, made.python_path) == ("3.11", "/srv", ("/srv", "/srv/lib"))
    assert made.command == ("gunicorn", "main:app")
    assert (made.missing, made.unknown) == ((), ())


def test_what_a_stage_keeps_for_later_happens_in_the_next(tmp_path: Path) -> None:
    made = image(tmp_path, 'FROM python:3.12 AS a\nONBUILD COPY docs /later\nFROM a\nCMD ["python"]\n')

    assert placed(made) == {"/later/x.md": "docs/x.md"}


COMMANDS = {
    "exec form": (['CMD ["python", "main.py"]'], ("python", "main.py"), False),
    "shell form": (["CMD python main.py"], ("python", "main.py"), False),
    "shell form with a variable": (
        ["CMD uvicorn m:a --port $PORT"],
        ("uvicorn", "m:a", "--port", "$PORT"),
        True,
    ),
    "brackets that are no JSON": (["CMD ['python', 'x.py']"], ("[python,", "x.py]"), False),
    "entrypoint and cmd": (['ENTRYPOINT ["python"]', 'CMD ["x.py"]'], ("python", "x.py"), False),
    "entrypoint keeps a cmd said before": (
        ['CMD ["x.py"]', 'ENTRYPOINT ["python"]'],
        ("python", "x.py"),
        False,
    ),
    "shell entrypoint takes no arguments": (
        ["ENTRYPOINT python x.py", 'CMD ["y"]'],
        ("python", "x.py"),
        False,
    ),
    "shell cmd beside an entrypoint": (
        ['ENTRYPOINT ["./run"]', "CMD a b"],
        ("./run", "/bin/sh", "-c", "a b"),
        False,
    ),
    "the last wins": (['CMD ["a"]', 'CMD ["b"]'], ("b",), False),
    "entrypoint forgets the cmd of the base": (
        ['ENTRYPOINT ["gunicorn", "m:a"]'],
        ("gunicorn", "m:a"),
        False,
    ),
    "nothing said": ([], ("python3",), False),
    "after a healthcheck": (["CMD a", "HEALTHCHECK CMD curl x"], ("a",), False),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_command_is_that_of_docker(tmp_path: Path, name: str) -> None:
    lines, command, shell = COMMANDS[name]

    made = image(tmp_path, from_python(*lines))

    assert (made.command, made.shell) == (command, shell)


BASES = {
    "python:3.11-slim": "3.11",
    "python:3.12.4-alpine3.19": "3.12",
    "python:3": "",
    "python": "",
    "docker.io/library/python:3.10": "3.10",
    "python:3.13@sha256:0123": "3.13",
    "ghcr.io/astral-sh/uv:python3.12-bookworm-slim": "3.12",
    "gcr.io/distroless/python3-debian12": "3.11",
    "tiangolo/uvicorn-gunicorn-fastapi:python3.9": "3.9",
    "node:20": "",
    "ubuntu:22.04": "",
    "registry:5000/python:3.9": "3.9",
}


@pytest.mark.parametrize("base", BASES)
def test_the_python_of_a_base_image_is_told_by_its_name(tmp_path: Path, base: str) -> None:
    assert image(tmp_path, f"FROM {base}\nCMD a\n").python == BASES[base]


def test_a_distroless_image_starts_python_itself(tmp_path: Path) -> None:
    made = image(tmp_path, 'FROM gcr.io/distroless/python3-debian12\nCOPY . /app\nCMD ["/app/main.py"]\n')

    assert made.command == ("/usr/bin/python3", "/app/main.py")


def test_the_command_of_an_unknown_base_is_unknown(tmp_path: Path) -> None:
    made = image(tmp_path, "FROM acme/base:1\nCOPY . /app\n")

    assert made.command == ()
    assert "base image" in made.unknown[0].said


PROJECT = {"pyproject.toml": "[project]\nname='x'\n", "uv.lock": "", "poetry.lock": "", "Pipfile": "", "Pipfile.lock": "", "src/x/__init__.py": "", "src/x/main.py": ""}  # fmt: skip
INSTALLS = {
    "requirements": (["RUN pip install --no-cache-dir -r requirements.txt"], ("requirements.txt",), ()),
    "attached": (["RUN python -m pip install -rrequirements.txt"], ("requirements.txt",), ()),
    "long": (["RUN pip3 install --requirement=requirements.txt -i https://x/y"], ("requirements.txt",), ()),
    "names": (["RUN pip install 'uvicorn[standard]>=0.30' flask"], (), ("uvicorn[standard]>=0.30", "flask")),
    "other folder": (["RUN cd /app && pip install -r requirements.txt"], ("requirements.txt",), ()),
    "after others": (["RUN apt-get update && apt-get install -y gcc \\\n && pip install flask \\\n && rm -rf /var/lib/apt/lists/*"], (), ("flask",)),
    "heredoc": (["RUN <<EOF\nset -e\npip install flask\npip install -r requirements.txt\nEOF"], ("requirements.txt",), ("flask",)),
    "mounts": (["RUN --mount=type=cache,target=/root/.cache --mount=type=bind,source=uv.lock,target=uv.lock uv sync"], ("pyproject.toml", "uv.lock"), ()),
    "uv pip": (["RUN uv pip install --system -r requirements.txt"], ("requirements.txt",), ()),
    "uv sync": (["RUN uv sync --frozen --no-dev --no-install-project"], ("pyproject.toml", "uv.lock"), ()),
    "poetry": (["RUN pip install poetry && poetry config virtualenvs.create false && poetry install --no-root"], ("pyproject.toml", "poetry.lock"), ("poetry",)),
    "pipenv": (["RUN pipenv install --system --deploy"], ("Pipfile", "Pipfile.lock"), ()),
    "exec form": (['RUN ["pip", "install", "flask"]'], (), ("flask",)),
    "by path": (["RUN python -m venv /opt/venv && /opt/venv/bin/pip install flask"], (), ("flask",)),
    "variable": (["ARG V=1.2", "RUN pip install flask==$V"], (), ("flask==1.2",)),
}  # fmt: skip


@pytest.mark.parametrize("name", INSTALLS)
def test_run_tells_what_is_installed(tmp_path: Path, name: str) -> None:
    lines, requirements, installs = INSTALLS[name]

    made = image(tmp_path, from_python("WORKDIR /app", "COPY . .", *lines), {**TREE, **PROJECT})

    assert (made.requirements, made.installs) == (requirements, installs)
    assert (made.missing, made.unknown) == ((), ())


@pytest.mark.parametrize("line", ["pip install .", "pip install -e .[dev]", "uv sync", "poetry install"])
def test_a_project_that_is_installed_lies_where_packages_are(tmp_path: Path, line: str) -> None:
    made = image(tmp_path, from_python("WORKDIR /app", "COPY . .", f"RUN {line}"), {**TREE, **PROJECT})

    assert made.files[f"{SITE}/x/main.py"] == "src/x/main.py"
    assert "pyproject.toml" in made.requirements


def test_requirements_that_are_not_in_the_image_are_missing(tmp_path: Path) -> None:
    made = image(tmp_path, from_python("WORKDIR /app", "RUN pip install -r requirements.txt", "COPY . ."))

    assert [(one.said, one.at.line) for one in made.missing] == [
        ("requirements.txt is installed from, and is not in the image at /app/requirements.txt.", 3)
    ]


def test_requirements_that_are_exported_are_those_of_the_project(tmp_path: Path) -> None:
    made = image(
        tmp_path,
        """FROM python:3.11 AS first
WORKDIR /tmp
RUN pip install poetry
COPY ./pyproject.toml ./poetry.lock* /tmp/
RUN poetry export -f requirements.txt --output requirements.txt --without-hashes
FROM python:3.11
WORKDIR /code
COPY --from=first /tmp/requirements.txt /code/requirements.txt
RUN pip install --no-cache-dir --upgrade -r /code/requirements.txt
COPY ./src /code/src
""",
        {**TREE, **PROJECT},
    )

    assert (made.requirements, made.missing, made.unknown) == (("pyproject.toml", "poetry.lock"), (), ())
    assert placed(made) == {
        "/code/src/x/__init__.py": "src/x/__init__.py",
        "/code/src/x/main.py": "src/x/main.py",
    }


MISSING = {
    "a file": ("COPY nothing.py /x", 1),
    "a folder of another case": ("COPY Pkg /x", 1),
    "one of two": ("COPY main.py nothing.py /x/", 1),
    "a glob is passed over": ("COPY main.py nothing*.lock /x/", 0),
    "from another stage": ("COPY --from=python:3.12 /etc/x /x", 0),
}


@pytest.mark.parametrize("name", MISSING)
def test_a_source_that_nothing_matches_is_missing(tmp_path: Path, name: str) -> None:
    line, count = MISSING[name]

    assert len(image(tmp_path, from_python(line)).missing) == count


UNKNOWN = {
    "other image": "COPY --from=acme/files:1 /data /app/data",
    "heredoc": "COPY <<EOF /app/x.py\nprint(1)\nEOF",
    "address": "ADD https://example.com/x.py /app/",
    "archive": "ADD main.tar.gz /app/",
    "move": "RUN mv /app/a.py /app/b.py",
    "clone": "RUN git clone https://example.com/x /app/x",
    "redirect": "RUN echo 'X = 1' > /app/settings.py",
    "download": "RUN curl -sSL https://example.com/x -o /app/x.py",
    "generator": "RUN python -m grpc_tools.protoc --python_out=. x.proto",
    "below /usr/src": "RUN unzip x.zip -d /usr/src/app",
    "make": "RUN make build",
    "no instruction": "COPPY a b",
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_cannot_be_followed_is_said(tmp_path: Path, name: str) -> None:
    made = image(tmp_path, from_python(UNKNOWN[name]))

    assert [one.at.line for one in made.unknown] == [2]
    assert made.missing == ()


HARMLESS = [
    "RUN python manage.py collectstatic --noinput",
    "RUN curl -LsSf https://astral.sh/uv/install.sh | sh",
    "RUN wget -O /tmp/x.tgz https://example.com/x && tar -xzf /tmp/x.tgz -C /opt/venv",
    "RUN useradd -m app && chown -R app /app && mkdir -p /app/data",
    "RUN if [ -f x ]; then pip install flask; fi",
    "RUN python -c \"import nltk; nltk.download('punkt')\"",
    "COPY --from=ghcr.io/astral-sh/uv:latest /uv /uvx /bin/",
    "USER app\nEXPOSE 8080\nVOLUME /data\nLABEL a=b\nSTOPSIGNAL SIGTERM",
    'SHELL ["/bin/bash", "-o", "pipefail", "-c"]',
]


@pytest.mark.parametrize("line", HARMLESS, ids=range(len(HARMLESS)))
def test_ordinary_lines_leave_nothing_unknown(tmp_path: Path, line: str) -> None:
    made = image(tmp_path, from_python("COPY . /app", line))

    assert (made.unknown, made.missing) == ((), ())


ENVS = {
    "A=1 B='two words' C=\"x $D\"": {"A": "1", "B": "two words", "C": "x before"},
    "OLD old style value": {"OLD": "old style value"},
    "A=${D}/x B=$A C=\\$D": {"A": "before/x", "B": "", "C": "$D"},
    "A='$D' B=\"it's\" C=a\\ b": {"A": "$D", "B": "it's", "C": "a b"},
    "A=${X:-y} B=${D:+set} C=${X-} E=${X:-${D}}": {"A": "y", "B": "set", "C": "", "E": "before"},
}


@pytest.mark.parametrize("line", ENVS, ids=range(len(ENVS)))
def test_env_is_read_as_docker_reads_it(tmp_path: Path, line: str) -> None:
    made = image(tmp_path, from_python("ENV D=before", f"ENV {line}"))

    assert made.env == {"D": "before", **ENVS[line]}


IGNORES = {
    "name": ("main.py\npkg", {"docs/x.md", "requirements.txt"}),
    "taken back below an ignored folder": ("*\n!pkg/sub\n", {"pkg/sub/b.py"}),
    "the last wins": ("!main.py\nmain.py\n", set(TREE) - {"main.py"}),
    "a star stays in its folder": ("*.py", set(TREE) - {"main.py"}),
    "two stars go down": ("**/*.py", {"docs/x.md", "requirements.txt"}),
    "slash before": ("/docs/\n", set(TREE) - {"docs/x.md"}),
    "comments and blanks": ("# main.py\n\n  docs  \n", set(TREE) - {"docs/x.md"}),
    "a class": ("pkg/[a-c].py", set(TREE) - {"pkg/a.py"}),
    "Windows lines": ("docs\r\npkg/sub\r\n", set(TREE) - {"docs/x.md", "pkg/sub/b.py"}),
    "not git's: no slash is not anywhere": ("b.py\nx.md", set(TREE)),
}


@pytest.mark.parametrize("name", IGNORES)
def test_dockerignore_is_dockers_own(tmp_path: Path, name: str) -> None:
    text, kept = IGNORES[name]

    made = image(tmp_path, from_python("COPY . /"), {**TREE, ".dockerignore": text})

    assert set(made.files.values()) - {"Dockerfile", ".dockerignore"} == kept


def test_an_ignored_file_is_missing_when_it_is_copied_by_name(tmp_path: Path) -> None:
    made = image(tmp_path, from_python("COPY main.py /"), {**TREE, ".dockerignore": "*.py"})

    assert [one.said for one in made.missing] == ["COPY of main.py: it is not in the build context."]


def test_the_ignore_file_of_the_dockerfile_wins(tmp_path: Path) -> None:
    files = {**TREE, ".dockerignore": "main.py", "Dockerfile.dockerignore": "docs"}

    made = image(tmp_path, from_python("COPY . /"), files)

    assert "/main.py" in made.files
    assert "/docs/x.md" not in made.files


def test_the_escape_directive_and_a_mark_at_the_start_are_heeded(tmp_path: Path) -> None:
    made = image(tmp_path, "\ufeff# escape=`\nFROM python:3.12\nCOPY main.py `\n  /x/\nCMD a\n")

    assert placed(made) == {"/x/main.py": "main.py"}
    assert made.at == At("Dockerfile", 5)


def test_the_platform_is_told(tmp_path: Path) -> None:
    assert image(tmp_path, "FROM --platform=linux/arm64 python:3.12").platform == "linux/arm64"
    assert image(tmp_path, "FROM --platform=$BUILDPLATFORM python:3.12").platform == "linux/amd64"


def test_conflict_marks_do_not_hide_what_follows(tmp_path: Path) -> None:
    made = image(
        tmp_path, from_python("<<<<<<< HEAD", "COPY main.py /a/", "=======", "COPY docs /b", ">>>>>>> x")
    )

    assert placed(made) == {"/a/main.py": "main.py", "/b/x.md": "docs/x.md"}
    assert [one.at.line for one in made.unknown] == [2, 4, 6]


HOSTILE = {
    "many instructions": "FROM python:3.12\n" + "COPY . /a\n" * (MOST_INSTRUCTIONS * 2),
    "one long line": "FROM python:3.12\nCOPY " + "a " * 20_000,
    "deep expansion": "FROM python:3.12\nENV A=" + "${A:-" * 5_000,
    "deep JSON": "FROM python:3.12\nCMD " + "[" * 100_000,
    "stages": "FROM python:3.12 AS a\nCOPY . /a\n" + "FROM a AS a\n" * 900,
    "removals": "FROM python:3.12\nCOPY . /a\n" + "RUN rm -rf /b* /c*\n" * 900,
    "errors": "FROM python:3.12\n" + "<<<<<<<\n" * 1_000,
    "quotes": "FROM python:3.12\nRUN " + "'\"`$(" * 10_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_dockerfile_is_read_in_little_time(tmp_path: Path, name: str) -> None:
    assert image(tmp_path, HOSTILE[name]).maker is Maker.DOCKERFILE


@pytest.mark.parametrize(
    "pattern", ["*a" * 200 + "b", "**/" * 200 + "b", "**/*a**/*a**/*a*b", "[" * 500, "[z-a]"]
)
def test_a_hostile_pattern_is_matched_in_little_time(tmp_path: Path, pattern: str) -> None:
    made = image(
        tmp_path, from_python("COPY . /"), {"a" * 200: "", "a/" * 40 + "c": "", ".dockerignore": pattern}
    )

    assert len(made.files) == 4


def test_a_dockerfile_that_is_not_uploaded_makes_the_build_fail(tmp_path: Path) -> None:
    upload = upload_of(tmp_path, {"main.py": ""})
    (tmp_path / "Dockerfile").write_text("FROM python:3.12")

    made = image_of(upload)

    assert (made.maker, made.files) == (Maker.DOCKERFILE, {})
    assert "left out" in made.unknown[0].said


def test_a_procfile_says_what_is_started(tmp_path: Path) -> None:
    files = {
        "main.py": "",
        "Procfile": "# x\r\nworker: a\r\nweb: gunicorn --bind :$PORT main:app\r\n",
        "requirements.txt": "",
    }

    made = image_of(upload_of(tmp_path, files))

    assert made.maker is Maker.PROCFILE
    assert made.command == ("gunicorn", "--bind", ":$PORT", "main:app")
    assert (made.shell, made.at, made.workdir) == (True, At("Procfile", 3), "/workspace")
    assert made.files["/workspace/main.py"] == "main.py"
    assert made.requirements == ("requirements.txt",)


def test_a_dockerfile_that_copies_everything_again_and_again_is_followed_so_far_and_no_further() -> None:
    paths = (*sorted(f"p{number % 30}/m{number}.py" for number in range(12_000)),)
    build = Build(Tree({path: path for path in paths}))
    for instruction in read_dockerfile("FROM python:3.12\n" + "COPY . /app\n" * 1000).instructions:
        build.take(instruction)

    told = build.image()

    assert len(told.files) == 12_000
    assert told.unknown[0] == Unknown("More files are copied than are followed.", At("Dockerfile", 86))


def test_a_procfile_without_a_web_process_makes_the_build_fail(tmp_path: Path) -> None:
    made = image_of(upload_of(tmp_path, {"main.py": "", "Procfile": "worker: python main.py\n"}))

    assert made.command == ()
    assert made.unknown[0].said == "The Procfile names no web process: the build fails."


BUILDPACKS = {
    "main": ({"main.py": ""}, ("gunicorn", "-b", ":8080", "main:app")),
    "app": ({"app.py": ""}, ("gunicorn", "-b", ":8080", "app:app")),
    "uvicorn": ({"main.py": "", "requirements.txt": "uvicorn==0.3\n"}, ("uvicorn", "main:app", "--port", "8080", "--host", "0.0.0.0")),
    "before 3.13": ({"main.py": "", "requirements.txt": "uvicorn\n", ".python-version": "3.12.1\n"}, ("gunicorn", "-b", ":8080", "main:app")),
    "gunicorn wins": ({"main.py": "", "requirements.txt": "uvicorn\ngunicorn\n"}, ("gunicorn", "-b", ":8080", "main:app")),
    "fastapi": ({"app.py": "", "requirements.txt": "fastapi[standard]\n"}, ("uvicorn", "app:app", "--port", "8080", "--host", "0.0.0.0")),
    "a longer name": ({"main.py": "", "requirements.txt": "uvicorn-worker\n"}, ("gunicorn", "-b", ":8080", "main:app")),
    "streamlit": ({"app.py": "", "requirements.txt": "streamlit\n"}, ("streamlit", "run", "app.py", "--server.address", "0.0.0.0", "--server.port", "8080")),
    "script": ({"x.py": "", "pyproject.toml": "[project]\nname='x'\n[project.scripts]\nserve='x:run'\n"}, ("serve",)),
    "uv script": ({"x.py": "", "uv.lock": "", "pyproject.toml": "[project]\n[project.scripts]\nstart='x:run'\nb='x:b'\n"}, ("uv", "run", "start")),
    "nothing to start": ({"server.py": ""}, ()),
    "no Python": ({"index.html": ""}, ()),
}  # fmt: skip


@pytest.mark.parametrize("name", BUILDPACKS)
def test_buildpacks_choose_what_is_started(tmp_path: Path, name: str) -> None:
    files, command = BUILDPACKS[name]

    made = image_of(upload_of(tmp_path, files))

    assert (made.maker, made.command) == (Maker.BUILDPACK, command)
    assert bool(made.unknown) is not bool(command)
