import asyncio
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from buddy_tui.source.smoke import own_interpreter, smoke_boot
from buddy_tui.source.upload import upload_set
from buddy_tui.source.values import Boot, Booted, Entry
from tests.core.source.laid_out import image_of_all, started, tree

_SAMPLE = Path(__file__).parents[3] / "buddy_tui" / "emulator" / "workload" / "buddy"


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a temporary folder of its own: what is left behind in it is seen."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def left_in(folder: Path) -> list[str]:
    """Return the names of what lies in a folder."""
    return sorted(one.name for one in folder.iterdir())


async def _boot(
    root: Path, files: dict[str, str], *, module: str = "main", env: dict[str, str] | None = None
) -> Boot:
    upload = tree(root / "project", files)
    return await smoke_boot(upload, image_of_all(upload, env=env), started(module))


async def test_the_sample_boots_from_its_root_with_times(temporary: Path) -> None:
    upload = upload_set(_SAMPLE)

    boot = await smoke_boot(upload, image_of_all(upload), started("Back_End.main"))

    assert (boot.booted, boot.interpreter) == (Booted.PASSED, sys.executable)
    assert {"Back_End", "Back_End.main", "Back_End.router"} <= dict(boot.times).keys()
    assert left_in(temporary) == []


async def test_a_folder_of_the_sample_fails_as_it_did_on_cloud_run() -> None:
    upload = upload_set(_SAMPLE / "Back_End")

    boot = await smoke_boot(upload, image_of_all(upload), started("Back_End.main"))

    assert boot.booted is Booted.FAILED
    assert boot.said == "ModuleNotFoundError: No module named 'Back_End'"


@pytest.mark.parametrize(
    ("text", "booted", "missing"),
    [
        pytest.param("import qqq_not_there", Booted.NOT_TRIED, ("qqq_not_there",), id="a dependency"),
        pytest.param("import pkg.not_there", Booted.FAILED, (), id="a part of the project"),
        pytest.param("import beside", Booted.FAILED, (), id="a module of another folder"),
        pytest.param("from pkg import not_there", Booted.FAILED, (), id="a name of the project's"),
        pytest.param("from . import pkg", Booted.FAILED, (), id="relative without a package"),
        pytest.param("from json import not_there", Booted.NOT_TRIED, (), id="a name of somebody else's"),
        pytest.param("x = y", Booted.FAILED, (), id="an unknown name"),
        pytest.param("import pkg.broken", Booted.FAILED, (), id="syntax"),
        pytest.param("import pkg\npkg.not_there()", Booted.FAILED, (), id="an unknown attribute"),
        pytest.param("import os\nos.environ['DATABASE']", Booted.NOT_TRIED, (), id="a setting"),
        pytest.param("import sys\nsys.exit(3)", Booted.NOT_TRIED, (), id="an exit"),
        pytest.param("import os\nos._exit(3)", Booted.NOT_TRIED, (), id="an exit without a word"),
        pytest.param(
            "import socket\nsocket.create_connection(('127.0.0.1', 9))",
            Booted.NOT_TRIED,
            (),
            id="a connection",
        ),
        pytest.param("import screens", Booted.NOT_TRIED, ("screens",), id="a package of ours"),
        pytest.param(
            "if __name__ == '__main__':\n    x = y", Booted.PASSED, (), id="what only a program runs"
        ),
        pytest.param(
            "import threading\nthreading.Thread(target=threading.Event().wait).start()",
            Booted.PASSED,
            (),
            id="a thread",
        ),
        pytest.param("print('\\x1b[2J' * 9)", Booted.PASSED, (), id="output"),
    ],
)
async def test_only_what_is_certainly_the_codes_is_a_failure(
    tmp_path: Path, temporary: Path, text: str, booted: Booted, missing: tuple[str, ...]
) -> None:
    files = {"main.py": text, "pkg/__init__.py": "", "pkg/broken.py": "def f(:\n", "lib/beside.py": ""}

    boot = await _boot(tmp_path, files)

    assert (boot.booted, boot.missing) == (booted, missing)
    assert left_in(temporary) == []


async def test_it_sees_no_credentials_and_nothing_of_ours_but_what_is_plain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere")
    monkeypatch.setenv("VIRTUAL_ENV", "/nowhere")
    text = (
        "import os\nseen = {n for n in os.environ if n in ('GOOGLE_APPLICATION_CREDENTIALS', 'VIRTUAL_ENV', 'API_TOKEN')}\n"
        "assert not seen and os.environ['MODE'] == 'plain' and os.environ['PORT'] == '8080'\n"
        "assert os.listdir(os.environ['HOME']) == []\nassert os.path.isfile('main.py')\n"
    )

    boot = await _boot(tmp_path, {"main.py": text}, env={"MODE": "plain", "API_TOKEN": "x"})

    assert (boot.booted, boot.said) == (Booted.PASSED, "It was imported.")


async def test_what_it_says_is_clean_and_shows_no_secret(tmp_path: Path) -> None:
    boot = await _boot(tmp_path, {"main.py": "raise RuntimeError('\\x1b]0;x\\x07 password=hunter2')"})

    assert boot.booted is Booted.NOT_TRIED
    assert "\x1b" not in boot.said + boot.traceback
    assert "hunter2" not in boot.said + boot.traceback


async def test_it_ends_after_its_time(tmp_path: Path, temporary: Path) -> None:
    upload = tree(tmp_path / "project", {"main.py": "import time\ntime.sleep(60)"})

    boot = await smoke_boot(upload, image_of_all(upload), started("main"), seconds=0.5)

    assert (boot.booted, "0.5 s" in boot.said) == (Booted.NOT_TRIED, True)
    assert left_in(temporary) == []


@pytest.mark.skipif(sys.platform == "win32", reason="asks for processes as POSIX does")
async def test_nothing_is_left_behind_when_it_is_cancelled(tmp_path: Path, temporary: Path) -> None:
    pids = tmp_path / "pids"
    text = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}} ')\ntime.sleep(60)\n"
    )
    upload = tree(tmp_path / "project", {"main.py": text})
    task = asyncio.create_task(smoke_boot(upload, image_of_all(upload), started("main")))
    await asyncio.wait_for(asyncio.to_thread(_written, pids), 20)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert left_in(temporary) == []
    # The system takes its time to bury what was killed.
    async with asyncio.timeout(20):
        await asyncio.to_thread(_gone, _written(pids))


def _written(file: Path) -> list[int]:
    """Wait for the numbers of some processes, and return them."""
    while len(told := file.read_text() if file.exists() else "") < 3 or not told.endswith(" "):
        time.sleep(0.02)
    return [int(pid) for pid in told.split()]


def _gone(pids: list[int]) -> None:
    while any(map(_runs, pids)):
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    """Tell whether a process is there and is no corpse that nobody has fetched."""
    stat = Path(f"/proc/{pid}/stat")
    if stat.exists():
        return stat.read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_the_projects_own_interpreter_is_taken(tmp_path: Path) -> None:
    upload = tree(tmp_path / "project", {"main.py": "import sys\nassert '.venv' in sys.prefix"})
    venv.create(upload.root / ".venv", with_pip=False, symlinks=sys.platform != "win32")

    boot = await smoke_boot(upload, image_of_all(upload), started("main"))

    assert boot.booted is Booted.PASSED
    assert boot.interpreter == own_interpreter(upload.root) != ""


async def test_an_interpreter_that_cannot_be_started_is_not_tried(tmp_path: Path) -> None:
    upload = tree(tmp_path / "project", {"main.py": ""})

    boot = await smoke_boot(upload, image_of_all(upload), started("main"), python=str(tmp_path / "none"))

    assert boot.booted is Booted.NOT_TRIED


async def test_a_script_is_imported_beside_its_neighbours(tmp_path: Path) -> None:
    upload = tree(tmp_path / "project", {"pkg/run.py": "import near", "pkg/near.py": ""})
    entry = Entry("python", script="/app/pkg/run.py", path=("/app/pkg",))

    assert (await smoke_boot(upload, image_of_all(upload), entry)).booted is Booted.PASSED


@pytest.mark.parametrize(
    ("attribute", "booted"),
    [
        ("app", Booted.PASSED),
        ("inner.app", Booted.PASSED),
        ("make('x')", Booted.PASSED),
        ("lazy", Booted.PASSED),
        ("application", Booted.FAILED),
    ],
)
async def test_what_is_served_must_be_in_the_module(tmp_path: Path, attribute: str, booted: Booted) -> None:
    text = """\
import types

app = 1
inner = types.SimpleNamespace(app=app)


def make(name):
    raise RuntimeError("nothing is called")


def __getattr__(name):
    if name == "lazy":
        return app
    raise AttributeError(f"module 'main' has no attribute {name!r}")
"""
    upload = tree(tmp_path / "project", {"main.py": text})
    entry = replace(started("main"), attribute=attribute)

    assert (await smoke_boot(upload, image_of_all(upload), entry)).booted is booted


async def test_packages_of_the_project_that_the_image_installs_are_there(tmp_path: Path) -> None:
    upload = tree(
        tmp_path / "project",
        {
            "main.py": "import shop_lib",
            "requirements.txt": "-e ./libs/shop\n",
            "libs/shop/pyproject.toml": '[project]\nname = "shop-lib"\nversion = "1"\n',
            "libs/shop/shop_lib/__init__.py": "",
        },
    )
    image = replace(image_of_all(upload), requirements=("requirements.txt",))
    elsewhere = replace(image, files={"/app/main.py": "main.py"})

    assert (await smoke_boot(upload, image, started("main"))).booted is Booted.PASSED
    assert (await smoke_boot(upload, elsewhere, started("main"))).missing == ("shop_lib",)


@pytest.mark.parametrize(
    ("python", "booted"), [("3.8", Booted.FAILED), ("3.99", Booted.NOT_TRIED), ("", Booted.NOT_TRIED)]
)
async def test_syntax_that_may_be_a_newer_pythons_fails_where_the_image_has_none(
    tmp_path: Path, python: str, booted: Booted
) -> None:
    upload = tree(tmp_path / "project", {"main.py": "type(x) = f'{'\n"})

    boot = await smoke_boot(upload, replace(image_of_all(upload), python=python), started("main"))

    assert boot.booted is booted


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone shows whose a process is")
async def test_what_has_left_its_group_is_ended_too(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    text = (
        "import os, subprocess, sys\n"
        "sleep = [sys.executable, '-c', 'import time; time.sleep(60)']\n"
        "child = subprocess.Popen(sleep, start_new_session=True)\n"
        f"open({str(pids)!r}, 'w').write(f'{{child.pid}} ')\n"
    )

    boot = await _boot(tmp_path, {"main.py": text})

    assert boot.booted is Booted.PASSED
    async with asyncio.timeout(20):
        await asyncio.to_thread(_gone, _written(pids))


@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
def test_nothing_is_left_behind_by_a_program_that_was_killed(tmp_path: Path, temporary: Path) -> None:
    tree(tmp_path / "project", {"main.py": f"open({str(tmp_path / 'on')!r}, 'w')\nwhile True: pass\n"})
    (tmp_path / "project/Procfile").write_text("web: python -m main\n")
    program = subprocess.Popen(
        [sys.executable, "-m", "buddy_tui", "preflight", "--source", str(tmp_path / "project")],
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _until((tmp_path / "on").exists)

    program.kill()
    program.wait()

    _until(lambda: left_in(temporary) == [])


def _until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.02)


async def test_what_is_not_understood_is_not_tried(tmp_path: Path) -> None:
    upload = tree(tmp_path / "project", {"main.py": ""})

    boot = await smoke_boot(upload, image_of_all(upload), Entry(unknown="It is started by a shell."))

    assert (boot.booted, boot.said) == (Booted.NOT_TRIED, "It is started by a shell.")


async def test_a_path_of_the_image_that_leads_out_of_it_is_not_written(tmp_path: Path) -> None:
    upload = tree(tmp_path / "project", {"main.py": "", "evil.py": ""})
    image = image_of_all(upload)
    image = replace(image, files={**image.files, "/../../../evil.py": "evil.py"})

    boot = await smoke_boot(upload, image, started("main"))

    assert boot.booted is Booted.PASSED
    assert "evil.py" not in left_in(tmp_path)
