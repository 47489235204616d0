"""Google's own Firestore emulator: found where installers put it, and gone when nobody needs it any more."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from buddy_tui.emulator.machine.reaper import Reaper
from buddy_tui.emulator.official import CannotStart, Official, UnfitJava, find, serving, usual_places

OFFICIAL = find(os.environ)
JAR = Path("platform", "cloud-firestore-emulator", "cloud-firestore-emulator.jar")
SUFFIX = ".exe" if sys.platform == "win32" else ""
installed = pytest.mark.skipif(
    OFFICIAL is None, reason="no Cloud SDK with the Firestore emulator, or no Java, is installed"
)
posix = pytest.mark.skipif(sys.platform == "win32", reason="a fake Java is a shell script")


@pytest.fixture
def reaper() -> Iterator[Reaper]:
    given = Reaper()
    given.start()
    yield given
    given.close()


def _file(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def _java(folder: Path) -> Path:
    return _file(folder / "bin" / f"java{SUFFIX}")


def test_the_sdk_is_the_one_that_the_environment_names(tmp_path: Path) -> None:
    jar, other = _file(tmp_path / "named" / JAR), _file(tmp_path / "usual" / JAR)
    java = _java(tmp_path / "jdk")
    environ = {"JAVA_HOME": str(tmp_path / "jdk"), "PATH": "", "CLOUDSDK_ROOT_DIR": str(tmp_path / "named")}

    assert find(environ, [tmp_path / "usual"]) == Official(jar, java)
    assert find(environ | {"CLOUDSDK_ROOT_DIR": ""}, [tmp_path / "usual"]) == Official(other, java)


@pytest.mark.skipif(sys.platform == "win32", reason="not everybody may make links there")
def test_the_sdk_is_where_the_link_on_the_path_leads(tmp_path: Path) -> None:
    jar, java = _file(tmp_path / "sdk" / JAR), _java(tmp_path / "jdk")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "gcloud").symlink_to(_file(tmp_path / "sdk" / "bin" / "gcloud"))
    path = os.pathsep.join(map(str, (tmp_path / "links", tmp_path / "jdk" / "bin")))

    assert find({"PATH": path}, ()) == Official(jar, java)


def test_an_sdk_without_the_emulator_is_passed_over(tmp_path: Path) -> None:
    jar, java = _file(tmp_path / "second" / JAR), _java(tmp_path / "jdk")
    _file(tmp_path / "first" / "bin" / "gcloud")

    found = find({"PATH": str(java.parent)}, [tmp_path / "first", tmp_path / "second"])

    assert found == Official(jar, java)


def test_the_java_of_java_home_comes_before_that_on_the_path(tmp_path: Path) -> None:
    jar, java, other = _file(tmp_path / JAR), _java(tmp_path / "home"), _java(tmp_path / "path")

    with_home = find({"JAVA_HOME": str(tmp_path / "home"), "PATH": str(other.parent)}, [tmp_path])
    with_bad_home = find({"JAVA_HOME": str(tmp_path / "gone"), "PATH": str(other.parent)}, [tmp_path])

    assert (with_home, with_bad_home) == (Official(jar, java), Official(jar, other))


def test_nothing_is_found_without_the_emulator_or_without_java(tmp_path: Path) -> None:
    java = _java(tmp_path / "jdk")
    _file(tmp_path / "sdk" / JAR)

    assert find({"PATH": str(java.parent)}, [tmp_path]) is None
    assert find({"PATH": ""}, [tmp_path / "sdk"]) is None


def test_the_usual_places_are_those_of_this_user(tmp_path: Path) -> None:
    places = usual_places({"HOME": str(tmp_path / "me"), "LOCALAPPDATA": str(tmp_path / "local")})

    assert tmp_path / "me" / "google-cloud-sdk" in places
    assert tmp_path / "local" / "Google" / "Cloud SDK" / "google-cloud-sdk" in places
    assert Path("google-cloud-sdk") not in usual_places({})


@posix
@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('java version "1.8.0_292"', "is Java 8; the Firestore emulator needs 11 or newer."),
        ('openjdk version "10" 2018-03-20', "is Java 10; the Firestore emulator needs 11 or newer."),
        ("Unable to locate a Java Runtime.", "is no Java: Unable to locate a Java Runtime."),
    ],
)
async def test_an_unfit_java_is_told_by_its_version(
    said: str, told: str, tmp_path: Path, reaper: Reaper
) -> None:
    java = _file(tmp_path / "java", f"#!/bin/sh\necho '{said}' >&2\n")

    with pytest.raises(UnfitJava) as caught:
        async with serving(Official(tmp_path / "any.jar", java), reaper):
            pass

    assert str(caught.value) == f"{java} {told}"


async def test_a_java_that_cannot_be_started_is_told(tmp_path: Path, reaper: Reaper) -> None:
    with pytest.raises(UnfitJava, match="cannot be started"):
        async with serving(Official(tmp_path / "any.jar", tmp_path / "no-java"), reaper):
            pass


@posix
async def test_a_java_that_never_answers_is_ended_and_told_with_its_last_line(
    tmp_path: Path, reaper: Reaper
) -> None:
    java = _file(
        tmp_path / "java",
        f"#!/bin/sh\necho 'openjdk version \"17.0.1\"'\n[ $1 = -version ] && exit\n"
        f"echo $$ > {tmp_path}/pid\necho still thinking\nexec sleep 60\n",
    )

    with pytest.raises(CannotStart, match=r"did not answer in 0\.5 seconds: still thinking"):
        async with serving(Official(tmp_path / "any.jar", java), reaper, patience=0.5):
            pass

    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@posix
async def test_one_that_does_not_end_when_asked_is_killed(
    tmp_path: Path, reaper: Reaper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("buddy_tui.emulator.official._GRACE", 0.2)
    java = _file(
        tmp_path / "java",
        f"#!/bin/sh\necho 'openjdk version \"17.0.1\"'\n[ $1 = -version ] && exit\n"
        f"trap '' TERM\necho $$ > {tmp_path}/pid\nwhile :; do sleep 0.1; done\n",
    )

    with pytest.raises(CannotStart):
        async with serving(Official(tmp_path / "any.jar", java), reaper, patience=0.5):
            pass

    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@installed
async def test_the_official_emulator_serves_until_the_context_is_left(
    reaper: Reaper, http: aiohttp.ClientSession
) -> None:
    assert OFFICIAL
    async with serving(OFFICIAL, reaper) as address:
        documents = f"http://{address}/v1/projects/p/databases/(default)/documents"
        async with http.post(f"{documents}/c", json={"fields": {"n": {"integerValue": "1"}}}) as answer:
            assert answer.status == 200
            assert (await answer.json())["fields"] == {"n": {"integerValue": "1"}}

    assert not await _answers(http, address)


@installed
async def test_a_broken_jar_is_told_with_javas_own_words(tmp_path: Path, reaper: Reaper) -> None:
    assert OFFICIAL
    broken = Official(_file(tmp_path / "broken.jar", "no jar"), OFFICIAL.java)

    with pytest.raises(CannotStart, match=r"ended at once: .*ClassNotFoundException"):
        async with serving(broken, reaper):
            pass


_SERVING = """\
import asyncio, os
from buddy_tui.emulator.machine.reaper import Reaper
from buddy_tui.emulator.official import find, serving

async def main():
    reaper = Reaper()
    reaper.start()
    async with serving(find(os.environ), reaper) as address:
        print(address, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


@installed
@posix
async def test_java_is_gone_when_the_program_that_started_it_is_killed(http: aiohttp.ClientSession) -> None:
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _SERVING, stdout=asyncio.subprocess.PIPE
    )
    assert program.stdout
    address = (await program.stdout.readline()).decode().strip()
    assert await _answers(http, address)

    program.kill()
    await program.communicate()

    deadline = time.monotonic() + 10
    while await _answers(http, address):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def _answers(http: aiohttp.ClientSession, address: str) -> bool:
    try:
        async with http.get(f"http://{address}/") as answer:
            return await answer.text() == "Ok\n"
    except aiohttp.ClientConnectionError:
        return False
