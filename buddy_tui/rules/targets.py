"""rules: the module that a server was to load is there, but what it was to find in it is not."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.rules.evidence import Evidence
from buddy_tui.rules.source_root import deploy_command
from buddy_tui.rules.words import flat, last_said, stated, told

_UVICORN, _GUNICORN = "ImportFromStringError", "AppImportError"


@dataclass(frozen=True, slots=True)
class _Saying:
    """One server's sentence. `name` and `module` are groups of the pattern; `exception` is what it prints it for."""

    pattern: re.Pattern[str]
    kind: str
    exception: str = ""


def _saying(pattern: str, kind: str, exception: str = "") -> _Saying:
    return _Saying(re.compile(pattern), kind, exception)


_SAYINGS = (
    _saying(
        r"Error loading ASGI app\. Attribute \"(?P<name>[^\"]+)\" not found in module \"(?P<module>[^\"]+)\"",
        "attribute",
        _UVICORN,
    ),
    _saying(
        r"Error loading ASGI app\. Import string \"(?P<name>[^\"]*)\" must be in format",
        "unparsable",
        _UVICORN,
    ),
    _saying(r"Error loading ASGI app factory: (?:(?P<name>\w+)\(\))?", "factory"),
    _saying(r"Failed to find attribute '(?P<name>[^']+)' in '(?P<module>[^']+)'", "attribute", _GUNICORN),
    _saying(r"Failed to parse '(?P<name>.+)' as an attribute name or function call", "unparsable", _GUNICORN),
    _saying(r"Function reference must be a literal name: '(?P<name>.+)'", "unparsable", _GUNICORN),
    _saying(
        r"Failed to find application object '(?P<name>[^']+)' in '(?P<module>[^']+)'", "attribute", _GUNICORN
    ),
    _saying(r"Failed to find application, did you mean '(?P<name>[^']+)'\?", "unparsable"),
    _saying(r"Application object must be callable", "not callable", _GUNICORN),
    _saying(
        r"Cannot load application from '(?P<module>[^':]+):(?P<name>[^']+)', application not found",
        "attribute",
        "NoAppError",
    ),
    _saying(r"Failed to find Flask application or factory in module '(?P<name>[^']+)'", "no application"),
    _saying(r"Could not locate a Flask application", "no target"),
    _saying(
        r"Detected factory '(?P<name>[^']+)' in module '(?P<module>[^']+)', but could not call it", "factory"
    ),
    _saying(r"The factory '(?P<name>[^']+)' in module '(?P<module>[^']+)' could not be called", "factory"),
    _saying(r"A valid Flask application was not obtained from '(?P<name>[^']+)'", "no application"),
    _saying(r"Detected multiple Flask applications in module '(?P<name>[^']+)'", "several"),
    _saying(r"File (?P<module>.+) is expected to contain a function named '?(?P<name>\w+)'?", "function"),
    _saying(
        r"The function defined in file (?P<module>\S+) as '?(?P<name>\w+)'? needs to be of type function",
        "function",
    ),
    _saying(r"File (?P<name>.+) that is expected to define function doesn't exist", "source"),
    _saying(r"Target is not specified \(FUNCTION_TARGET environment variable not set\)", "no function"),
    _saying(
        r"No module named (?P<module>[\w.]+)\.(?P<name>__main__); '[\w.]+' is a package and cannot be",
        "attribute",
    ),
    _saying(r"Invalid value: File does not exist: (?P<name>\S+)", "file"),
    _saying(r"(?:^|\s)Path does not exist (?P<name>\S+\.py)", "file"),
    _saying(r"Could not find (?:a default file to run|(?:a )?FastAPI app in module)", "no target"),
    _saying(r"Malformed application '(?P<name>[^']+)'", "unparsable"),
    _saying(
        r"(?:^|\s)\d\. module '(?P<module>[\w.]+)' has no attribute '(?P<name>\w+)'$", "attribute"
    ),  # waitress
)
# Words of which each saying has some.
_ANY = re.compile(
    r"ASGI app|Failed to |literal name|object must be callable|load application|Flask application|tected factory"
    r"|The factory|function named|be of type function|to define function|Target is not specified|not exist |not exist:"
    r"|cannot be directly|default file to run|FastAPI app|Malformed application|has no attribute"
)
_FOUND = re.compile(r"Found: (.+?) instead")
# A sentence in a traceback counts by who raised it: a program may say the like of something else.
_TYPES = frozenset(
    [
        "AppImportError",
        "FunctionsFrameworkException",
        "ImportError",
        "ImportFromStringError",
        "InvalidConfigurationException",
        "InvalidTargetTypeException",
        "MissingSourceException",
        "MissingTargetException",
        "NoAppError",
        "NoAppException",
    ]
)

# By kind: the summary, the few words, and the fixes, the likeliest first.
_WORDS: Mapping[str, tuple[str, str, tuple[str, ...]]] = MappingProxyType(
    {
        "attribute": (
            "{module} was loaded, and has no {name} in it.",
            "no {name} in {module}",
            (
                "start {module}:NAME, where NAME is what {module} calls its application",
                "or name it so in {module}: {name} = …",
                "without a Procfile or --command, buildpacks start: gunicorn --bind :$PORT main:app",
            ),
        ),
        "factory": (
            "The factory {name} was found, and could not be called as it was.",
            "factory {name} cannot be called",
            (
                "give every parameter of the factory a default",
                "or start a module that calls it: app = create_app(…), then MODULE:app",
            ),
        ),
        "unparsable": (
            "What the server was told to load, {name}, is not in its format MODULE:NAME.",
            "{name} is not MODULE:NAME",
            ("write it as MODULE:NAME, e.g. main:app", "a factory of uvicorn: --factory main:create_app"),
        ),
        "not callable": (
            "What the server was told to load is there, and is no application.",
            "no application",
            ("name the application itself, e.g. main:app, not a module or its settings",),
        ),
        "no application": (
            "{name} was loaded, and no application was found in it.",
            "no application in {name}",
            (
                "name it: flask --app MODULE:NAME run",
                "or call it app or application, or its factory create_app",
            ),
        ),
        "several": (
            "{name} has several applications, and none was named.",
            "several applications in {name}",
            ("name one: flask --app {name}:NAME run",),
        ),
        "no target": (
            "The server was not told what to load, and found no application by itself.",
            "no application named",
            (
                "name it: flask --app MODULE:NAME run --host=0.0.0.0 --port=$PORT",
                "or set FLASK_APP, or start in the folder that holds app.py or wsgi.py",
            ),
        ),
        "function": (
            "{module} was loaded, and has no function {name} that could be served.",
            "no function {name}",
            (
                "name a function that is there: gcloud run deploy SERVICE --source . --function={found}",
                "or set GOOGLE_FUNCTION_TARGET={found}, or define {name} in {module}",
            ),
        ),
        "no function": (
            "The Functions Framework was not told which function to serve.",
            "no function named",
            ("set it: functions-framework --target=FUNCTION, or GOOGLE_FUNCTION_TARGET=FUNCTION",),
        ),
        "source": (
            "The file that should define the function, {name}, is not in the image.",
            "{name} is not in the image",
            (
                "call the file main.py, or set GOOGLE_FUNCTION_SOURCE to the one that is there",
                "deploy from the folder that holds it, and see that .gcloudignore does not leave it out",
            ),
        ),
        "file": (
            "The file that the server was told to run, {name}, is not there.",
            "{name} is not in the image",
            ("deploy from the folder that holds it, or correct the path in the command",),
        ),
    }
)


def app_target_missing(evidence: Evidence) -> Finding | None:
    """Answer when an application, factory or function was not found in its module, or its name cannot be read."""
    for raised in evidence.boot.fatal.chain if evidence.boot.fatal else ():
        message = flat(raised.message, 2000)
        for saying in _SAYINGS if raised.name in _TYPES else ():
            if found := saying.pattern.search(message):
                return told(evidence, raised, _finding(saying.kind, found, evidence))
    if said := last_said(evidence, _ANY, [saying.pattern for saying in _SAYINGS]):
        hit, saying = said[0], _SAYINGS[said[1]]
        finding = replace(_finding(saying.kind, hit.match, evidence), exception=saying.exception)
        return stated(evidence, hit, finding)
    return None


def _finding(kind: str, found: re.Match[str], evidence: Evidence) -> Finding:
    words = found.groupdict(default="")
    name, module = words.get("name", ""), words.get("module", "")
    summary, short, fixes = _WORDS[kind]
    fill = {"name": name, "module": module, "found": _offered(found)}
    return Finding(
        Cause.APP_TARGET_MISSING,
        Confidence.LIKELY if kind == "file" else Confidence.CERTAIN,
        boots=False,
        summary=summary.format(**fill),
        short=short.format(**fill),
        missing=name,
        fix=(*(fix.format(**fill) for fix in fixes), deploy_command(evidence.revision)),
        uncertain=("The log does not tell which names the module has.",) if kind == "attribute" else (),
    )


def _offered(found: re.Match[str]) -> str:
    """Return the function that the Functions Framework found instead, else a placeholder."""
    offered = _FOUND.search(found.string)
    return offered[1].split(",")[0].strip(" '\"") if offered else "FUNCTION"
