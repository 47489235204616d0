import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from buddy_tui.source.declared import Declared, declared_in
from buddy_tui.source.upload import upload_set
from tests.core.source.laid_out import image_of_all, tree

_ALWAYS = {"pip", "setuptools", "wheel"}
_PROJECT = "[project]\nname = 'shop'\nversion = '1'\n"


def _declared(
    root: Path, files: dict[str, str], *requirements: str, installs: tuple[str, ...] = ()
) -> Declared:
    upload = tree(root, files)
    wanted = requirements or (() if installs else tuple(files)[:1])
    return declared_in(upload, replace(image_of_all(upload), requirements=wanted, installs=installs))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("Flask_Thing==1\n", {"flask-thing"}, id="normalised"),
        pytest.param("\ufeffa1\r\nb1 # why\r\n\r\n# c1\r\n", {"a1", "b1"}, id="Windows' lines and a mark"),
        pytest.param(
            "a1==1 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\nb1", {"a1", "b1"}, id="hashes"
        ),
        pytest.param("a1; sys_platform == 'win32'\nb1; sys_platform == 'linux'", {"b1"}, id="for Linux"),
        pytest.param(
            "a1; python_version < '3.9'\nb1; python_version >= '3.9'", {"b1"}, id="for the image's Python"
        ),
        pytest.param("a1 @ https://example.com/x.zip", {"a1"}, id="with an address"),
        pytest.param("git+https://example.com/x/a1.git@v1#egg=b1", {"b1"}, id="from git, named"),
        pytest.param("-e git+https://example.com/x/a1.git@v1", {"a1"}, id="from git, by its repository"),
        pytest.param("https://example.com/a1-1.0-py3-none-any.whl", {"a1"}, id="a wheel elsewhere"),
        pytest.param("--index-url https://example.com\n-c c.txt\na1", {"a1"}, id="options and constraints"),
        pytest.param("-r more/b.txt\na1", {"a1", "b1", "c1"}, id="includes of includes"),
        pytest.param("--requirement=more/b.txt", {"b1", "c1"}, id="an include in its long form"),
        pytest.param("-r requirements.txt\na1", {"a1"}, id="an include of itself"),
    ],
)
def test_requirements_are_read_as_pip_reads_them(tmp_path: Path, text: str, names: set[str]) -> None:
    told = _declared(
        tmp_path,
        {"requirements.txt": text, "more/b.txt": "-r c.txt\nb1\n", "more/c.txt": "c1", "c.txt": "d1<2"},
    )

    assert told.direct == names


def test_a_file_in_utf_16_as_powershell_writes_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes("flask==3\r\n".encode("utf-16"))

    told = _declared(tmp_path, {}, "requirements.txt")

    assert told.direct == {"flask"}
    assert told.certain


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("-r gone.txt", "gone.txt"),
        ("<<<<<<< HEAD", "<<<<<<< HEAD"),
        ("../shared", "../shared"),
        ("a1 >>> 1", "a1 >>> 1"),
    ],
)
def test_what_cannot_be_followed_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    told = _declared(tmp_path, {"requirements.txt": f"flask\n{text}\n"})

    assert not told.certain
    assert (said in told.trouble[0].said, told.trouble[0].at.line) == (True, 2)


@pytest.mark.parametrize(
    ("files", "names"),
    [
        pytest.param(
            {"pyproject.toml": _PROJECT + "dependencies = ['a1>=1', 'b1[x]']"}, {"a1", "b1"}, id="PEP 621"
        ),
        pytest.param(
            {
                "pyproject.toml": _PROJECT
                + "dynamic = ['dependencies']\n[tool.setuptools.dynamic]\ndependencies = {file = ['r.in']}",
                "r.in": "a1\n",
            },
            {"a1"},
            id="PEP 621 from a file",
        ),
        pytest.param(
            {
                "pyproject.toml": "[tool.poetry]\nname = 'shop'\n[tool.poetry.dependencies]\npython = '^3.11'\na1 = '^1'\n"
                "b1 = {version = '1', extras = ['x']}\nc1 = {version = '1', optional = true}\n"
                "[tool.poetry.group.dev.dependencies]\nd1 = '*'"
            },
            {"a1", "b1"},
            id="poetry",
        ),
        pytest.param(
            {"setup.cfg": "[options]\ninstall_requires =\n    a1>=1\n    b1; os_name == 'nt'\n"},
            {"a1"},
            id="setup.cfg",
        ),
        pytest.param(
            {"setup.py": "from setuptools import setup\nsetup(install_requires=['a1', 'b1'])"},
            {"a1", "b1"},
            id="setup.py",
        ),
        pytest.param(
            {"setup.py": "import setuptools\nX = ['a1']\nsetuptools.setup(install_requires=X)"},
            {"a1"},
            id="a constant",
        ),
        pytest.param(
            {"Pipfile": "[packages]\na1 = '*'\nb1 = {extras = ['x']}\n[dev-packages]\nc1 = '*'"},
            {"a1", "b1"},
            id="Pipfile",
        ),
        pytest.param(
            {"Pipfile.lock": json.dumps({"default": {"a1": {}, "b1": {}}, "develop": {"c1": {}}})},
            {"a1", "b1"},
            id="its lock",
        ),
        pytest.param(
            {"pylock.toml": "[[packages]]\nname = 'a1'\n[[packages]]\nname = 'b1'"},
            {"a1", "b1"},
            id="pylock.toml",
        ),
    ],
)
def test_a_projects_own_files_are_read(tmp_path: Path, files: dict[str, str], names: set[str]) -> None:
    told = _declared(tmp_path, files)

    assert told.direct == names
    assert told.certain


@pytest.mark.parametrize(
    ("lock", "text"),
    [
        (
            "uv.lock",
            "[[package]]\nname = 'a1'\ndependencies = [{name = 'b1'}]\n[[package]]\nname = 'b1'\n[[package]]\nname = 'z1'",
        ),
        (
            "poetry.lock",
            "[[package]]\nname = 'a1'\n[package.dependencies]\nb1 = '>=1'\n[[package]]\nname = 'b1'\n[[package]]\nname = 'z1'",
        ),
    ],
)
def test_a_lock_tells_what_comes_along(tmp_path: Path, lock: str, text: str) -> None:
    told = _declared(
        tmp_path, {"pyproject.toml": _PROJECT + "dependencies = ['a1']", lock: text}, "pyproject.toml", lock
    )

    assert told.names - _ALWAYS == {"a1", "b1"}
    assert told.opaque == frozenset()


def test_extras_and_groups_that_nobody_asks_for_are_kept_apart(tmp_path: Path) -> None:
    text = _PROJECT + (
        "dependencies = ['a1']\n[project.optional-dependencies]\npg = ['b1']\nx = ['c1']\n[dependency-groups]\ndev = ['d1']"
    )

    told = _declared(tmp_path, {"pyproject.toml": text}, installs=(".[pg]",))

    assert told.direct == {"a1", "b1"}
    assert told.perhaps == {"c1", "d1"}
    assert told.perhaps_brings("c1")
    assert told.distribution("c1") == ""


def test_a_setup_that_computes_is_not_certain_and_its_requirements_are_taken(tmp_path: Path) -> None:
    told = _declared(
        tmp_path,
        {
            "setup.py": "from setuptools import setup\nsetup(install_requires=open('requirements.txt').read().split())",
            "requirements.txt": "a1\n",
        },
        "setup.py",
    )

    assert told.direct == {"a1"}
    assert not told.certain


def test_where_nothing_is_seen_to_be_installed_the_root_is_taken_and_is_not_certain(tmp_path: Path) -> None:
    upload = tree(tmp_path, {"requirements.txt": "a1\n", "Dockerfile": ""})

    told = declared_in(upload, replace(image_of_all(upload), requirements=()))

    assert told.direct == {"a1"}
    assert not told.certain


def test_a_project_beside_is_installed_with_what_it_requires(tmp_path: Path) -> None:
    told = _declared(
        tmp_path,
        {
            "requirements.txt": "-e ./libs/prices\n",
            "libs/prices/pyproject.toml": _PROJECT + "dependencies = ['a1']",
            "libs/prices/src/prices/__init__.py": "",
        },
    )

    assert told.direct == {"a1"}
    assert told.folders == ("libs/prices/src", "libs/prices")


def test_names_of_pip_install_count_and_paths_of_the_image_are_followed(tmp_path: Path) -> None:
    told = _declared(
        tmp_path,
        {"libs/x/setup.py": "from setuptools import setup\nsetup(install_requires=['b1'])"},
        installs=("a1==1", "/app/libs/x"),
    )

    assert told.direct == {"a1", "b1"}
    assert (told.folders, told.certain) == (("libs/x",), True)


def test_a_wheel_of_the_upload_tells_its_modules(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "odd_name-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("inner/__init__.py", "")
        wheel.writestr("odd_name-1.0.dist-info/METADATA", "Name: odd-name\nRequires-Dist: a1>=1\n")

    told = _declared(tmp_path, {"requirements.txt": "./odd_name-1.0-py3-none-any.whl\n"})

    assert told.direct == {"a1", "odd-name"}
    assert told.distribution("inner.part") == "odd-name"


def test_a_broken_file_is_trouble_and_no_crash(tmp_path: Path) -> None:
    told = _declared(tmp_path, {"pyproject.toml": "[project\n"})

    assert not told.certain
    assert "pyproject.toml" in told.trouble[0].said


def test_a_file_that_is_gone_by_now_is_trouble_and_no_crash(tmp_path: Path) -> None:
    upload = tree(tmp_path, {"requirements.txt": "a1"})
    (tmp_path / "requirements.txt").unlink()

    assert not declared_in(upload, image_of_all(upload)).certain


def test_a_link_out_of_the_root_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("a1\n")
    (tmp_path / "root").mkdir()
    try:
        (tmp_path / "root" / "requirements.txt").symlink_to("../secret.txt")
    except OSError:
        pytest.skip("no links here")

    upload = upload_set(tmp_path / "root")
    told = declared_in(upload, replace(image_of_all(upload), requirements=("requirements.txt",)))

    assert told.direct == frozenset()
