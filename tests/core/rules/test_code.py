"""Code that cannot be read, that raises while it is read, or that was compiled for something else."""

import pytest

from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.rules.code import error_at_import, syntax_error
from buddy_tui.rules.native import binary_incompatibility, shared_object_missing
from tests.core.rules.evidence_of import START, ended, evidence_of
from tests.core.rules.raising import SITE, under_gunicorn, under_uvicorn

CERTAIN, LIKELY, UNSURE = Confidence
MAIN = "/app/main.py:2 import handlers"


def place(file: str, source: str, last: str) -> str:
    """Return a SyntaxError as Python prints it: its place is a frame without a function."""
    return f'  File "{file}", line 2\n    {source}\n       ^\n{last}'


def unread(file: str, source: str, last: str) -> str:
    """Return a boot that could not read a file."""
    return under_gunicorn(place(file, source, last), MAIN)


def named(log: str) -> Finding | None:
    """Return what the four rules say, in the order in which they are asked."""
    evidence = evidence_of(log)
    rules = (syntax_error, binary_incompatibility, shared_object_missing, error_at_import)
    return next(filter(None, (rule(evidence) for rule in rules)), None)


UNREAD = {
    "a bracket": ("return {", "SyntaxError: '{' was never closed", "SyntaxError"),
    "indentation": ("pass", "IndentationError: unexpected indent", "IndentationError"),
    "tabs": ("x", "TabError: inconsistent use of tabs and spaces in indentation", "TabError"),
}


@pytest.mark.parametrize(("source", "last", "exception"), UNREAD.values(), ids=UNREAD)
def test_a_file_that_python_cannot_read_is_told_by_its_place(source: str, last: str, exception: str) -> None:
    finding = named(unread("/app/handlers.py", source, last))

    assert finding
    assert (finding.cause, finding.exception, finding.frame, finding.missing, finding.confidence) == (
        Cause.SYNTAX_ERROR,
        exception,
        "/app/handlers.py:2",
        "",
        CERTAIN,
    )
    assert finding.chain == ("main.py:2", "handlers.py:2")


NEWER = {
    "match": ("match command:", "3.10"),
    "except*": ("except* ValueError:", "3.11"),
    "generics": ("def first[T](items: list[T]) -> T:", "3.12"),
    "type": ("type Names = list[str]", "3.12"),
    "quotes in an f-string": ("""print(f"{row["name"]}")""", "3.12"),
}


@pytest.mark.parametrize(("source", "version"), NEWER.values(), ids=NEWER)
def test_grammar_of_a_newer_python_is_told_as_what_it_may_be(source: str, version: str) -> None:
    finding = named(unread("/app/handlers.py", source, "SyntaxError: invalid syntax"))

    assert finding
    assert f"Dockerfile: FROM python:{version} or newer" in finding.fix
    assert version in finding.uncertain[0]


def test_a_committed_merge_conflict_is_told_as_one() -> None:
    finding = named(unread("/app/handlers.py", "<<<<<<< HEAD", "SyntaxError: invalid syntax"))

    assert finding
    assert finding.fix[0] == "handlers.py:2: resolve the merge conflict that was committed"


def test_a_library_that_this_python_cannot_read_is_to_be_replaced() -> None:
    finding = named(unread(f"{SITE}/oldlib/core.py", "print x", "SyntaxError: Missing parentheses"))

    assert finding
    assert (finding.cause, finding.frame) == (Cause.SYNTAX_ERROR, "/app/main.py:2")
    assert "a version of oldlib" in finding.fix[0]


def test_text_that_a_program_evaluates_is_no_file() -> None:
    finding = named(unread("<string>", "1 +", "SyntaxError: invalid syntax"))

    assert finding
    assert finding.cause is Cause.ERROR_AT_IMPORT


BINARIES = {
    "numpy's size": "ValueError: numpy.dtype size changed, may indicate binary incompatibility. Expected 96, got 88",
    "numpy's interface": "ImportError: numpy.core.multiarray failed to import",
    "a symbol": f"ImportError: {SITE}/torch/lib/libtorch.so: undefined symbol: _ZN3c10",
    "a C library": "ImportError: /lib/libc.so.6: version `GLIBC_2.34' not found (required by /x/_rust.abi3.so)",
    "a class": "ImportError: libfoo.so.1: wrong ELF class: ELFCLASS32",
    "a header": f"ImportError: {SITE}/bcrypt/_bcrypt.abi3.so: invalid ELF header",
    "musl": "ImportError: Error relocating /x/_core.so: __memcpy_chk: symbol not found",
}


@pytest.mark.parametrize("last", BINARIES.values(), ids=BINARIES)
def test_compiled_code_of_something_else_is_certain_by_its_message(last: str) -> None:
    finding = named(
        under_uvicorn(last, "/app/main.py:1 import lib", f"{SITE}/lib/__init__.py:3 from . import _core")
    )

    assert finding
    assert (finding.cause, finding.confidence) == (Cause.BINARY_INCOMPATIBILITY, CERTAIN)


def test_a_package_without_its_compiled_part_was_installed_for_another_python() -> None:
    last = "ModuleNotFoundError: No module named 'pydantic_core._pydantic_core'"
    frames = (
        "/app/main.py:1 import pydantic",
        f"{SITE}/pydantic_core/__init__.py:6 from ._pydantic_core import x",
    )

    finding = named(under_uvicorn(last, *frames))

    assert finding
    assert (finding.cause, finding.missing, finding.confidence) == (
        Cause.BINARY_INCOMPATIBILITY,
        "pydantic_core._pydantic_core",
        LIKELY,
    )


def test_what_numpy_complained_of_before_is_behind_a_librarys_failed_import() -> None:
    log = under_uvicorn(
        "AttributeError: module 'numpy' has no attribute 'core2'",
        "/app/main.py:1 import oldlib",
        f"{SITE}/oldlib/__init__.py:3 numpy.core2",
    )
    warning = "A module that was compiled using NumPy 1.x cannot be run in\nNumPy 2.1.0 as it may crash."

    finding = named(log.replace("Traceback", f"{warning}\nTraceback", 1))

    assert finding
    assert (finding.cause, finding.confidence) == (Cause.BINARY_INCOMPATIBILITY, LIKELY)


LIBRARIES = {
    "OpenCV": (
        "ImportError: libGL.so.1: cannot open shared object file: No such file or directory",
        "libGL.so.1",
        "opencv-python-headless",
    ),
    "psycopg2": (
        "ImportError: libpq.so.5: cannot open shared object file: No such file or directory",
        "libpq.so.5",
        "psycopg2-binary",
    ),
    "an unknown one": (
        "OSError: libfoo.so.7: cannot open shared object file: No such file or directory",
        "libfoo.so.7",
        "apt-file search libfoo.so.7",
    ),
    "musl": (
        "ImportError: Error loading shared library libstdc++.so.6: No such file or directory (needed by /x.so)",
        "libstdc++.so.6",
        "libstdc++6",
    ),
    "weasyprint": (
        "OSError: cannot load library 'gobject-2.0-0': not found",
        "gobject-2.0-0",
        "libglib2.0-0",
    ),
    "python-magic": (
        "ImportError: failed to find libmagic.  Check your installation",
        "libmagic",
        "libmagic1",
    ),
    "psycopg 3": (
        "ImportError: no pq wrapper available: libpq library not found",
        "libpq",
        "psycopg[binary]",
    ),
}


@pytest.mark.parametrize(("last", "missing", "fix"), LIBRARIES.values(), ids=LIBRARIES)
def test_a_library_of_the_system_is_told_with_what_brings_it(last: str, missing: str, fix: str) -> None:
    finding = named(under_uvicorn(last, "/app/main.py:1 import cv2", f"{SITE}/cv2/__init__.py:5 bootstrap()"))

    assert finding
    assert (finding.cause, finding.missing, finding.confidence) == (
        Cause.SHARED_OBJECT_MISSING,
        missing,
        CERTAIN,
    )
    assert fix in " ".join(finding.fix)


def test_a_python_that_was_built_without_a_part_of_its_own_is_no_certain_finding() -> None:
    finding = named(
        under_uvicorn("ModuleNotFoundError: No module named '_sqlite3'", "/app/main.py:1 import sqlite3")
    )

    assert finding
    assert (finding.cause, finding.missing, finding.confidence) == (
        Cause.SHARED_OBJECT_MISSING,
        "_sqlite3",
        LIKELY,
    )


ERRORS = {
    "a name": ("NameError: name 'application' is not defined", ("/app/main.py:5 application",), CERTAIN),
    "an argument": (
        "TypeError: f() got an unexpected keyword argument 'x'",
        ("/app/main.py:4 @f(x=1)",),
        CERTAIN,
    ),
    "in a library": (
        "TypeError: Client.__init__() got an unexpected keyword argument 'proxies'",
        ("/app/main.py:4 client = OpenAI()", f"{SITE}/openai/_client.py:123 super().__init__("),
        LIKELY,
    ),
    "a value": ("ValueError: no colour", ("/app/main.py:4 paint()",), LIKELY),
    "an exception of the project": ("shop.errors.Broken: apples", ("/app/main.py:4 check()",), LIKELY),
    "without the project": ("TypeError: x", (f"{SITE}/lib/__init__.py:4 x()",), UNSURE),
}


@pytest.mark.parametrize(("last", "frames", "confidence"), ERRORS.values(), ids=ERRORS)
def test_what_the_code_raises_is_as_sure_as_its_place(
    last: str, frames: tuple[str, ...], confidence: Confidence
) -> None:
    finding = named(under_uvicorn(last, *frames))

    assert finding
    assert (finding.cause, finding.exception, finding.confidence) == (
        Cause.ERROR_AT_IMPORT,
        last.partition(":")[0],
        confidence,
    )
    assert len(finding.short) <= 40


def test_a_known_change_behind_an_error_is_told_first() -> None:
    last, frames, _ = ERRORS["in a library"]

    finding = named(under_uvicorn(last, *frames))

    assert finding
    assert finding.fix[0] == "requirements.txt: newer openai or anthropic, or httpx<0.28"


def test_an_error_while_the_application_starts_is_told_as_such() -> None:
    log = f"""{START}
INFO:     Waiting for application startup.
ERROR:    Traceback (most recent call last):
  File "{SITE}/starlette/routing.py", line 661, in lifespan
    async with self.lifespan_context(app) as maybe_state:
  File "/app/main.py", line 8, in lifespan
    share = 100 / 0
ZeroDivisionError: division by zero

ERROR:    Application startup failed. Exiting.
sys Container called exit(3)."""

    finding = named(log)

    assert finding
    assert (finding.cause, finding.frame, finding.confidence) == (
        Cause.ERROR_AT_IMPORT,
        "/app/main.py:8",
        LIKELY,
    )
    assert "while the application was started" in finding.summary


@pytest.mark.parametrize("last", ["SystemExit: 1", "KeyboardInterrupt"])
def test_a_program_that_left_on_purpose_raised_no_error(last: str) -> None:
    assert named(under_uvicorn(last, "/app/main.py:3 sys.exit(1)")) is None


def test_without_a_traceback_there_is_nothing_to_say() -> None:
    assert named(ended("something went wrong")) is None
