"""cli: `buddy-tui context`: every setting and where it came from, and whether two identities differ."""

import json as json_module
import os
from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from buddy_tui import gcloud_files
from buddy_tui.cli.options import Context
from buddy_tui.cli.settle import working_directory
from buddy_tui.config import Known, Settings, find_buddy_toml

if TYPE_CHECKING:
    from buddy_tui.gcloud_files import ActiveConfiguration, AdcFile

_NO_OPTIONS = Context()


def context(
    *,
    json: Annotated[bool, Parameter(help="Print JSON, schema buddy.context/1.")] = False,
    context: Context = _NO_OPTIONS,
) -> None:
    """Print project, region and identity, and where each came from. Asks nobody and reads no secret."""
    settings = context.settings()
    folder = gcloud_files.directory(os.environ, gcloud_files.home())
    gcloud = gcloud_files.active_configuration(folder, os.environ)
    adc = gcloud_files.adc_file(folder, os.environ)
    warnings = [] if settings.emulated else list(warn(settings, adc))
    if json:
        print(json_module.dumps(_document(settings, gcloud, adc, warnings), indent=2))
    else:
        print("\n".join(_lines(settings, gcloud, adc, warnings)))


def warn(settings: Settings, adc: "AdcFile | None") -> Iterator[str]:
    """Tell where gcloud and our credentials disagree: the classic right command in the wrong project."""
    if adc is None:
        yield "There are no Application Default Credentials: gcloud auth application-default login"
        return
    if adc.problem:
        yield f"The credentials in {adc.path} cannot be used: {adc.problem}."
    account, project = settings.account.value, settings.project.value
    if adc.account and account and adc.account != account:
        yield f"gcloud works as {account}; buddy-tui and Google's libraries work as {adc.account}."
    told = adc.project or adc.quota_project
    if told and project and told != project:
        yield f"The credentials belong to project {told}; you look at {project}."


def _document(
    settings: Settings, gcloud: "ActiveConfiguration", adc: "AdcFile | None", warnings: list[str]
) -> dict[str, Any]:
    path = find_buddy_toml(os.environ, working_directory())
    return {
        "schema": "buddy.context/1",
        "settings": {name: _told(value) for name, value in _values(settings)},
        "probes": [question.name for question in settings.questions],
        "release": asdict(settings.release),
        "files": {
            "buddy_toml": str(path) if path else None,
            "gcloud": {"name": gcloud.name, "path": str(gcloud.path), "problem": gcloud.problem or None},
            "adc": asdict(adc) | {"path": str(adc.path)} if adc else None,
        },
        "warnings": warnings,
    }


def _told(value: Known | tuple[Known, ...]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, tuple):
        return [_told(one) for one in value]
    return {"value": value.value or None, "origin": value.origin or None}


def _lines(
    settings: Settings, gcloud: "ActiveConfiguration", adc: "AdcFile | None", warnings: list[str]
) -> Iterator[str]:
    nobody = {"regions": "all", "service": "all", "environment": "-", "read_only": "no", "ascii": "no"}
    for name, value in _values(settings):
        known = value if isinstance(value, tuple) else (value,)
        for one in known or (Known(),):
            shown = one.value or nobody.get(name, "-")
            yield f"{name.replace('_', '-'):<14} {shown:<32} {one.origin}".rstrip()
    yield f"{'probes':<14} {', '.join(question.name for question in settings.questions)}"
    pace = settings.release
    steps = ", ".join(f"{step} %" for step in pace.steps)
    yield f"{'release':<14} {steps}; each baked for {pace.bake:g} s, with {pace.least:,} requests at least"
    path = find_buddy_toml(os.environ, working_directory())
    yield ""
    yield f"{'buddy.toml':<14} {path or 'none from here upwards'}"
    yield f"{'gcloud':<14} {gcloud.path}{f': {gcloud.problem}' if gcloud.problem else ''}"
    yield f"{'credentials':<14} {_credentials(adc)}"
    yield from (f"warning: {warning}" for warning in warnings)


def _credentials(adc: "AdcFile | None") -> str:
    if adc is None:
        return "none in a file"
    words = filter(None, (adc.problem or adc.type, adc.account, f"from {adc.origin}"))
    return f"{adc.path} ({', '.join(words)})"


def _values(settings: Settings) -> Iterator[tuple[str, Known | tuple[Known, ...]]]:
    for field in fields(settings):
        if field.name not in {"questions", "session", "release"}:
            yield field.name, getattr(settings, field.name)
