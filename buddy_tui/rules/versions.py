"""rules: names that came and went between versions of well-known packages, and what to install instead."""

import re
from collections.abc import Mapping
from types import MappingProxyType

# From the packages' own changelogs. By (name, first part of the module); the module alone stands under an empty name.
_ADVICE: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("url_quote", "werkzeug"): "requirements.txt: Flask>=2.3, or Werkzeug<3",
        ("url_decode", "werkzeug"): "requirements.txt: Flask-Login>=0.6.3, or Werkzeug<3",
        ("url_encode", "werkzeug"): "requirements.txt: Werkzeug<3, or a newer version of what imports it",
        ("parse_rule", "werkzeug"): "requirements.txt: Werkzeug<2.2, or a newer version of what imports it",
        ("Markup", "jinja2"): "requirements.txt: Flask>=2, or Jinja2<3.1; Markup is in markupsafe",
        ("Markup", "flask"): "import it from markupsafe, or requirements.txt: Flask<3",
        ("escape", "jinja2"): "requirements.txt: Flask>=2, or Jinja2<3.1; escape is in markupsafe",
        ("escape", "flask"): "import it from markupsafe, or requirements.txt: Flask<3",
        ("contextfunction", "jinja2"): "requirements.txt: Jinja2<3.1, or a newer version of what imports it",
        ("soft_unicode", "markupsafe"): "requirements.txt: MarkupSafe==2.0.1, or Jinja2>=3",
        ("json", "itsdangerous"): "requirements.txt: Flask>=2, or itsdangerous<2.1",
        ("_request_ctx_stack", "flask"): "requirements.txt: Flask<2.3, or a newer version of what imports it",
        ("_app_ctx_stack", "flask"): "requirements.txt: Flask<2.3, or Flask-SQLAlchemy>=3",
        (
            "BaseSettings",
            "pydantic",
        ): "requirements.txt: pydantic-settings, and import BaseSettings from there",
        ("ugettext_lazy", "django"): "import gettext_lazy instead: Django 4 dropped ugettext_lazy",
        ("ugettext", "django"): "import gettext instead: Django 4 dropped ugettext",
        ("force_text", "django"): "import force_str instead: Django 4 dropped force_text",
        ("smart_text", "django"): "import smart_str instead: Django 4 dropped smart_text",
        ("url", "django"): "import re_path from django.urls instead: Django 4 dropped url",
        ("runtime_version", "google"): "requirements.txt: protobuf>=5.26, or generate the code again",
        ("builder", "google"): "requirements.txt: protobuf>=3.20",
        (
            "cached_download",
            "huggingface_hub",
        ): "requirements.txt: huggingface_hub<0.26, or newer sentence-transformers",
        ("OpenAI", "openai"): "requirements.txt: openai>=1",
        ("AsyncOpenAI", "openai"): "requirements.txt: openai>=1",
        ("TypeIs", "typing_extensions"): "requirements.txt: typing_extensions>=4.10",
        ("Doc", "typing_extensions"): "requirements.txt: typing_extensions>=4.8",
        ("deprecated", "typing_extensions"): "requirements.txt: typing_extensions>=4.5",
        ("Sentinel", "typing_extensions"): "requirements.txt: typing_extensions>=4.14",
        ("DeclarativeBase", "sqlalchemy"): "requirements.txt: SQLAlchemy>=2",
        ("async_sessionmaker", "sqlalchemy"): "requirements.txt: SQLAlchemy>=2",
        (
            "Mapping",
            "collections",
        ): "a newer version of what imports it: Python 3.10 dropped collections.Mapping",
        ("coroutine", "asyncio"): "a newer version of what imports it: Python 3.11 dropped asyncio.coroutine",
        ("formatargspec", "inspect"): "a newer version of what imports it: Python 3.11 dropped formatargspec",
        ("contrib", "werkzeug"): "requirements.txt: Werkzeug<1, or a newer version of what imports it",
        ("chat_models", "langchain"): "import it from langchain_openai or langchain_community instead",
        ("embeddings", "langchain"): "import it from langchain_openai or langchain_community instead",
        (
            "text_splitter",
            "langchain",
        ): "requirements.txt: langchain-text-splitters, and import it from there",
    }
)
_CONFLICTS = (
    re.compile(r"^\((?P<name>[\w.-]+) [^ ]+ \(.*Requirement\.parse\("),
    re.compile(r"(?P<name>[A-Za-z][\w.-]*?)\s?(?:>=|==|<=|~=|!=|<|>)[^ ]* is required.*(?:found|installed)"),
    re.compile(r"requires version '?[\d.]+'? or newer of '(?P<name>[\w.-]+)'"),
    re.compile(r"`(?:[\w.]*:)?(?P<name>\w+)` has been (?:moved|removed)"),
)
_TYPES = frozenset(
    ["ImportError", "ContextualVersionConflict", "VersionConflict", "PydanticImportError", "RuntimeError"]
)


def advice_for(name: str, module: str) -> str:
    """Return what to install or to import for a name that a module has not; empty where nothing is known."""
    return _ADVICE.get((name, module.partition(".")[0]), "")


def conflict(exception: str, message: str) -> tuple[str, str] | None:
    """Return the name that the versions disagree about, and the module that it is of, empty where it is a package."""
    if exception not in _TYPES:
        return None
    found = next(filter(None, (pattern.search(message) for pattern in _CONFLICTS)), None)
    return (found["name"], "pydantic" if exception == "PydanticImportError" else "") if found else None
