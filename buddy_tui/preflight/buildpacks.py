"""preflight: what Google's buildpacks make of a folder without a Dockerfile, by the names in it alone."""

from buddy_tui.preflight.values import Facts
from buddy_tui.source.values import Maker

# By one of these a buildpack knows a language, as their documentation has it.
_OTHERS = frozenset(
    [
        "package.json",
        "go.mod",
        "pom.xml",
        "build.gradle",
        "build.gradle.kts",
        "composer.json",
        "Gemfile",
        "index.php",
        "config.ru",
        "pubspec.yaml",
    ]
)
_OTHER_SUFFIXES = (
    ".go",
    ".java",
    ".jar",
    ".csproj",
    ".fsproj",
    ".vbproj",
    ".sln",
    ".rb",
    ".php",
    ".js",
    ".mjs",
    ".ts",
    ".dart",
)
_PYTHON = frozenset(
    ["requirements.txt", "pyproject.toml", "setup.py", "Pipfile", "uv.lock", "poetry.lock", ".python-version"]
)
# It may say what is started, for every language.
_OPEN = "project.toml"


def other_language(facts: Facts) -> bool:
    """Tell whether a buildpack for something other than Python may know what to do here."""
    return any(name in _OTHERS or name == _OPEN or name.endswith(_OTHER_SUFFIXES) for name in _names(facts))


def barren(facts: Facts) -> bool:
    """Tell whether nobody would know what to do here: no Dockerfile, no Procfile, and no language."""
    python = any(name in _PYTHON or name.endswith(".py") for name in _names(facts))
    return facts.image.maker is Maker.BUILDPACK and not python and not other_language(facts)


def guessed(facts: Facts) -> bool:
    """Tell whether only the endings of some files speak for a language, as those of a page with its scripts do."""
    names = _names(facts)
    told = any(name in _OTHERS or name in _PYTHON or name == _OPEN or name.endswith(".py") for name in names)
    return facts.image.maker is Maker.BUILDPACK and not told and other_language(facts)


def _names(facts: Facts) -> tuple[str, ...]:
    return tuple(file.path for file in facts.upload.files if "/" not in file.path)
