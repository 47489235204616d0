"""source: the console scripts of a project: which function a program's name stands for."""

import configparser
import posixpath
import tomllib
from typing import Any

from buddy_tui.errors import UsageProblem
from buddy_tui.source.launch import Launch
from buddy_tui.source.reading import read_text


def script_of(launch: Launch, name: str) -> str:
    """Return `module:function` of a console script that the project declares; empty where it declares none so named."""
    for path in launch.image.requirements:
        try:
            text = read_text(launch.upload, path)
        except UsageProblem:
            continue
        if posixpath.basename(path) == "pyproject.toml" and (found := _toml_script(text, name)):
            return found
        if posixpath.basename(path) == "setup.cfg" and (found := _cfg_script(text, name)):
            return found
    return ""


def _toml_script(text: str, name: str) -> str:
    try:
        table: Any = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return ""
    for steps in (("project", "scripts", name), ("tool", "poetry", "scripts", name)):
        value = table
        for step in steps:
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, str):
            return value
    return ""


def _cfg_script(text: str, name: str) -> str:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except configparser.Error:
        return ""
    lines = parser.get("options.entry_points", "console_scripts", fallback="").splitlines()
    pairs = (line.partition("=") for line in lines)
    return next((target.strip() for key, _, target in pairs if key.strip() == name), "")
