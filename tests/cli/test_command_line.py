"""The program as it is called: exit codes, one sentence for each mistake, and what it may not import."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from buddy_tui import __version__
from buddy_tui.__main__ import main
from buddy_tui.cli.outcome import concluded
from buddy_tui.cli.verbs import CONTEXT_OPTIONS, VERBS, Verb, root_help
from buddy_tui.errors import ExitCode, NotSignedIn

SCRIPT = Path(sysconfig.get_path("scripts")) / ("buddy-tui.exe" if sys.platform == "win32" else "buddy-tui")
HEAVY = ("textual", "google", "grpc", "httpx", "cyclopts", "rich", "msgspec", "aiohttp")
CORE = ("model", "traffic", "config", "watch", "errors", "gateway", "clean")
# What the machine that runs the tests says about itself must not reach the program.
TELLING = ("BUDDY_", "CLOUDSDK_", "GOOGLE_", "GCLOUD_", "CLOUD_RUN_", "PYTHONPATH")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path


def run(place: Path, *arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    return start([sys.executable, "-m", "buddy_tui", *arguments], place, environ)


def start(command: list[str], place: Path, environ: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(TELLING)}
    env = inherited | {"HOME": str(place), "APPDATA": str(place), "XDG_STATE_HOME": str(place / "state")}
    return subprocess.run(
        command,
        cwd=place,
        env=env | {"NO_GCE_CHECK": "true"} | environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "toml", "sentence"),
    [
        (["nope"], "", 'There is no verb "nope".'),
        (["stauts"], "", "Did you mean status?"),
        (["status", "--nope"], "", "Unknown option: --nope."),
        (["status", "a", "b"], "", '"b" is one argument too many.'),
        (["status", "--project"], "", "requires an argument"),
        (["status", "--json=maybe"], "", "Invalid value for --json"),
        (["--project", "p-1", "status"], "", "The options of a verb come behind it."),
        (["help", "nope"], "", 'There is no topic "nope".'),
        (["status"], "", "No project is set."),
        (["status", "--project", ""], "", "--project is empty."),
        (["status", "--project", "Acme Prod"], "", '--project: "Acme Prod" is not a project ID (project).'),
        (["status", "--region", "../x", "--project", "p-1"], "", '--region: "../x" is not a region'),
        (["status", "API", "--project", "p-1"], "", '--service: "API" is not a service name'),
        (["status", "a", "--service", "b"], "", "Which one: a, or b as --service says?"),
        (["status", "--profile", "prod"], "", "there is no buddy.toml"),
        (["status"], "project = [", "buddy.toml:1: `project`: Invalid value"),
        (["status"], '\nprojcet = "p-1"', "buddy.toml:2: there is no setting `projcet`."),
        (["context"], "\n\nread_only = 1", "buddy.toml:3: `read_only`: expected `bool`, got `int`."),
        ([], 'region = "\\u001b[2JX"', "is not a region"),
    ],
)
def test_a_mistake_is_one_clear_sentence_and_exit_code_2(
    place: Path, arguments: list[str], toml: str, sentence: str
) -> None:
    if toml:
        (place / "buddy.toml").write_text(toml, encoding="utf-8")

    done = run(place, *arguments)

    assert done.returncode == ExitCode.USAGE
    assert sentence in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 2
    assert done.stderr.replace("\n", "").isprintable()


def test_the_exit_code_counts_though_nobody_reads_the_sentence(place: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as unread:
        done = subprocess.run(
            [sys.executable, "-m", "buddy_tui", "nope"], cwd=place, stderr=unread, timeout=60, check=False
        )

    assert done.returncode == ExitCode.USAGE


def test_where_standard_error_is_closed_no_sentence_goes_to_standard_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["buddy-tui", "nope"])
    monkeypatch.setattr(sys, "stderr", None)

    code = main()

    with sys.stderr:
        assert (code, capsys.readouterr().out) == (ExitCode.USAGE, "")


def test_a_dead_endpoint_is_one_sentence_and_can_be_tried_again(place: Path) -> None:
    done = run(
        place, "status", "api", "--project=p-1", "--region=a-b1", CLOUD_RUN_EMULATOR_HOST="127.0.0.1:1"
    )

    assert done.returncode == ExitCode.RETRYABLE
    assert done.stderr.splitlines()[0] == "buddy-tui: 127.0.0.1:1 cannot be reached: connection refused."


def test_without_credentials_it_names_the_command_that_signs_in(place: Path) -> None:
    done = run(place, "status", "api", "--project=p-1", "--region=a-b1")

    assert done.returncode == ExitCode.NOT_ALLOWED
    assert done.stderr.splitlines() == [
        "buddy-tui: You are not signed in to Google Cloud.",
        "  gcloud auth application-default login",
    ]


@pytest.mark.parametrize("arguments", [[], ["--read-only"]])
def test_without_a_terminal_the_dashboard_names_the_command_to_use_instead(
    place: Path, arguments: list[str]
) -> None:
    done = run(place, *arguments, BUDDY_PROJECT="p-1")

    assert done.returncode == ExitCode.USAGE
    assert "is no terminal" in done.stderr
    assert "buddy-tui status" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize("command", [[sys.executable, "-m", "buddy_tui"], [str(SCRIPT)]])
def test_the_version_is_printed(place: Path, command: list[str]) -> None:
    assert start([*command, "--version"], place, {}).stdout == f"{__version__}\n"


def test_the_help_lists_every_verb_and_every_option() -> None:
    text = root_help()

    assert [verb.name for verb in VERBS if f"\n  {verb.name} " not in text] == []
    assert [name for name, _value, _words in CONTEXT_OPTIONS if f"\n  {name}" not in text] == []
    assert max(map(len, text.splitlines())) <= 110


def test_help_is_the_same_by_every_way(place: Path) -> None:
    assert {run(place, way).stdout for way in ("--help", "-h", "help")} == {root_help()}


def test_help_explains_exit_codes_the_environment_and_a_verb(place: Path) -> None:
    codes, environment, verb = (run(place, "help", name).stdout for name in ("exit-codes", "env", "status"))

    assert [int(line.split()[0]) for line in codes.splitlines()] == [code.value for code in ExitCode]
    assert "BUDDY_PROJECT" in environment
    assert verb == run(place, "status", "--help").stdout
    assert "--json" in verb


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_the_help_of_a_verb_begins_with_examples(place: Path, verb: Verb) -> None:
    told = run(place, verb.name, "-h").stdout.splitlines()

    assert told[0] == "Examples:"
    assert told[1].startswith(f"  buddy-tui {verb.name}")
    assert any(line.startswith(f"Usage: buddy-tui {verb.name}") for line in told)


@pytest.mark.parametrize("name", ["status", "context", "demo", "help", "probe", "sessions", "verify"])
def test_the_help_of_a_verb_needs_no_more_than_80_columns(place: Path, name: str) -> None:
    narrow, wide = (run(place, name, "--help", COLUMNS=columns).stdout for columns in ("80", "200"))

    assert narrow == wide


def modules(place: Path, code: str) -> set[str]:
    done = run_python(place, f"{code}\nimport sys\nprint(*sorted(sys.modules), file=sys.stderr)")
    assert done.returncode == 0, done.stderr
    return {name.partition(".")[0] for name in done.stderr.split()}


def run_python(place: Path, code: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    return start([sys.executable, "-c", code], place, environ)


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version_load_no_library_at_all(place: Path, argument: str) -> None:
    code = f"import sys\nsys.argv = ['buddy-tui', {argument!r}]\nfrom buddy_tui.__main__ import main\nmain()"

    assert modules(place, code).isdisjoint(HEAVY)


def test_the_core_loads_no_library_that_draws_or_dials(place: Path) -> None:
    code = "\n".join(f"import buddy_tui.{name}" for name in CORE)

    assert modules(place, code).isdisjoint(HEAVY)


def test_importing_the_adapter_is_cheap_until_it_is_asked_to_load(place: Path) -> None:
    assert modules(place, "import buddy_tui.gcp").isdisjoint(HEAVY)


@pytest.fixture
def hostile(place: Path) -> Path:
    """Make a project with folders and files of our names, each of which leaves a mark when it is run."""
    mark = f"open({str(place / 'HOSTILE')!r}, 'w').write(__name__)"
    for name in ("config.py", "typing.py", "json.py", "cyclopts.py", "platformdirs.py"):
        (place / name).write_text(mark, encoding="utf-8")
    (place / "screens").mkdir()
    (place / "screens" / "__init__.py").write_text(mark, encoding="utf-8")
    return place


@pytest.mark.parametrize("arguments", [["--version"], ["help", "env"], ["context"], []])
@pytest.mark.parametrize("way", ["module", "script"])
def test_nothing_of_the_project_that_it_is_started_in_is_run(
    hostile: Path, way: str, arguments: list[str]
) -> None:
    if way == "module":
        done = run(hostile, *arguments, BUDDY_PROJECT="p-1")
    else:
        # Python itself reads PYTHONPATH before us, so the folder holds no module of the standard library here.
        (hostile / "typing.py").unlink()
        (hostile / "json.py").unlink()
        done = start([str(SCRIPT), *arguments], hostile, {"PYTHONPATH": ".", "BUDDY_PROJECT": "p-1"})

    assert not (hostile / "HOSTILE").exists(), done
    assert done.returncode == (0 if arguments else ExitCode.USAGE)


@pytest.mark.parametrize("first", [".", "HERE"])
def test_screens_are_ours_wherever_we_are(hostile: Path, first: str) -> None:
    code = "import buddy_tui.__main__, screens; print(screens.__file__)"
    path = str(hostile) if first == "HERE" else first
    (hostile / "typing.py").unlink()
    (hostile / "json.py").unlink()

    done = run_python(hostile, code, PYTHONPATH=path)

    assert not (hostile / "HOSTILE").exists(), done
    assert Path(done.stdout.strip()) == Path(__file__).parents[2] / "screens" / "__init__.py"


def test_a_folder_that_comes_by_another_way_does_not_give_us_its_screens(
    hostile: Path, tmp_path: Path
) -> None:
    code = f"import buddy_tui.__main__, sys; sys.path.insert(0, {str(hostile)!r}); import screens"

    done = run_python(tmp_path, code)

    assert (done.returncode, (hostile / "HOSTILE").exists()) == (0, False)


def test_a_bug_is_one_sentence_with_its_traceback_in_a_private_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "deep" / "buddy-tui.log"
    monkeypatch.setattr("buddy_tui.bug.log_file", lambda: log)

    def work() -> int:
        raise ZeroDivisionError("\x1b[2Jowned")

    assert concluded(work) == ExitCode.PROBLEM_FOUND
    assert (
        capsys.readouterr().err
        == f"buddy-tui: a bug of ours (ZeroDivisionError); the traceback is in {log}.\n"
    )
    written = log.read_text(encoding="utf-8")
    assert "ZeroDivisionError" in written
    assert "\x1b" not in written
    if sys.platform != "win32":
        assert log.stat().st_mode & 0o777 == 0o600


def test_an_error_an_interrupt_and_a_plain_end_have_their_exit_codes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupted() -> int:
        raise KeyboardInterrupt

    def refused() -> int:
        raise NotSignedIn("You are not signed in.", "sign in")

    codes = [concluded(work) for work in (lambda: None, lambda: 1, interrupted, refused)]

    assert codes == [ExitCode.OK, ExitCode.PROBLEM_FOUND, ExitCode.INTERRUPTED, ExitCode.NOT_ALLOWED]
    assert capsys.readouterr().err == "buddy-tui: You are not signed in.\n  sign in\n"


@pytest.mark.skipif(sys.platform == "win32", reason="a closed pipe is another error there")
def test_a_reader_that_has_enough_is_no_error(place: Path) -> None:
    code = (
        "import os, sys\nreading, writing = os.pipe()\nos.close(reading)\nos.dup2(writing, 1)\n"
        "sys.argv = ['buddy-tui', 'help', 'env']\nfrom buddy_tui.__main__ import main\nsys.exit(main())"
    )

    done = run_python(place, code)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a full disk is simulated by Linux alone")
@pytest.mark.parametrize("argument", ["--help", "--version", "help"])
def test_a_full_disk_is_a_sentence_and_not_a_bug(place: Path, argument: str) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "buddy_tui", argument], cwd=place, stdout=full, stderr=subprocess.PIPE,
            encoding="utf-8", check=False,
        )  # fmt: skip

    assert done.returncode == ExitCode.RETRYABLE
    assert (
        done.stderr
        == "buddy-tui: The output cannot be written: no space is left.\n  Make room, then try again.\n"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="a closed stream is a POSIX thing")
def test_whoever_closed_stdout_gets_the_exit_code_alone(place: Path) -> None:
    code = "import sys\nsys.stdout = None\nsys.argv = ['buddy-tui', 'context']\n"

    done = run_python(place, f"{code}from buddy_tui.__main__ import main\nsys.exit(main())")

    assert (done.returncode, done.stderr) == (0, "")
