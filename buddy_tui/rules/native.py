"""rules: compiled code that does not fit the image, or that misses a library of the system."""

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from buddy_tui.boot.values import Raised
from buddy_tui.finding import Cause, Confidence, Finding
from buddy_tui.rules.distributions import distribution_of, well_known
from buddy_tui.rules.evidence import Evidence
from buddy_tui.rules.origin import importer_of, missing_module
from buddy_tui.rules.source_root import deploy_command
from buddy_tui.rules.telling import about, in_few, last_words
from buddy_tui.rules.words import blamed, flat, told

_NUMPY = re.compile(
    r"numpy\.(?:dtype|ufunc|ndarray) size changed|compiled using NumPy 1\.x|_ARRAY_API not found"
    r"|numpy\.core\.multiarray failed to import|compiled against (?:ABI|API) version"
)
_NUMPY_WARNING = re.compile(r"A module that was compiled using NumPy 1\.x cannot be run in")
_FOREIGN = re.compile(
    r"undefined symbol: |version [`'\"]?(?:GLIBC|GLIBCXX|CXXABI)_[\d.]+'? not found|wrong ELF class|invalid ELF header"
    r"|Error relocating .* symbol not found|file too short|ELF file's phentsize|cannot enable executable stack"
    r"|in static TLS block|incompatible architecture|bad magic number in '|compiled for Python [\d.]+, but"
    r"|Importing the numpy C-extensions failed|only supports OpenSSL"
)
# Compiled parts that wheels of one Python and one architecture have; without them the wheel is of another.
_PARTS = frozenset(
    [
        "_imaging",
        "_multiarray_umath",
        "_psycopg",
        "_pydantic_core",
        "_rust",
        "_bcrypt",
        "_cffi_backend",
        "_multidict",
    ]
)
_COMPILED_NAME = re.compile(r"cannot import name '(?P<name>\w+)' from '(?P<module>[\w.]+)'")

_LIBRARY = (
    re.compile(r"(?P<name>[\w.+-]+\.so[\w.]*): cannot open shared object file: No such file"),
    re.compile(r"Error loading shared library (?P<name>[\w.+-]+\.so[\w.]*): No such file"),
    re.compile(r"(?:cannot load library|no library called) ['\"](?P<name>[\w.+-]+)['\"]"),
    re.compile(r"failed to find (?P<name>libmagic)"),
    re.compile(r"Unable to find (?P<name>zbar) shared library"),
    re.compile(r"(?P<name>libpq) library not found"),
    re.compile(r"Could not find the (?P<name>GDAL|GEOS) library"),
)
# Extensions of Python's own that its build leaves out when a header of the system is missing.
_OWN_EXTENSIONS = frozenset(["_ctypes", "_sqlite3", "_ssl", "_lzma", "_bz2", "_tkinter", "_curses", "_gdbm"])
# Debian 12's packages by the beginning of a library's name without `lib`.
_APT: Mapping[str, str] = MappingProxyType(
    {
        "GDAL": "libgdal-dev",
        "GEOS": "libgeos-c1v5",
        "GL": "libgl1",
        "EGL": "libegl1",
        "SM": "libsm6",
        "X11": "libx11-6",
        "Xext": "libxext6",
        "Xrender": "libxrender1",
        "asound": "libasound2",
        "cairo": "libcairo2",
        "gdal": "libgdal32",
        "geos_c": "libgeos-c1v5",
        "glib-2": "libglib2.0-0",
        "gobject-2": "libglib2.0-0",
        "gomp": "libgomp1",
        "gthread-2": "libglib2.0-0",
        "jpeg": "libjpeg62-turbo",
        "magic": "libmagic1",
        "mariadb": "libmariadb3",
        "mysqlclient": "libmariadb3",
        "nss3": "libnss3",
        "odbc": "unixodbc",
        "openblas": "libopenblas0",
        "openjp2": "libopenjp2-7",
        "pango": "libpango-1.0-0 libpangoft2-1.0-0",
        "portaudio": "libportaudio2",
        "pq": "libpq5",
        "snappy": "libsnappy1v5",
        "sndfile": "libsndfile1",
        "sqlite3": "libsqlite3-0",
        "stdc++": "libstdc++6",
        "tiff": "libtiff6",
        "tk8": "tk",
        "usb-1": "libusb-1.0-0",
        "webp": "libwebp7",
        "xml2": "libxml2",
        "xmlsec1": "libxmlsec1-openssl",
        "xslt": "libxslt1.1",
        "zbar": "libzbar0",
    }
)
# Wheels that carry what others take from the system.
_WHEELS: Mapping[str, str] = MappingProxyType(
    {
        "GL": "requirements.txt: opencv-python-headless instead of opencv-python",
        "gthread-2": "requirements.txt: opencv-python-headless instead of opencv-python",
        "pq": "requirements.txt: psycopg2-binary or psycopg[binary], which carry it",
        "mysqlclient": "requirements.txt: PyMySQL, which needs none",
        "mariadb": "requirements.txt: PyMySQL, which needs none",
        "cuda": "requirements.txt: the wheels for the CPU, or a service with --gpu=1",
        "cublas": "requirements.txt: the wheels for the CPU, or a service with --gpu=1",
        "cudart": "requirements.txt: the wheels for the CPU, or a service with --gpu=1",
        "cudnn": "requirements.txt: the wheels for the CPU, or a service with --gpu=1",
        "ssl": "build on the image that it runs on: OpenSSL 1.1 is not in Debian 12 and later",
        "crypto": "build on the image that it runs on: OpenSSL 1.1 is not in Debian 12 and later",
        "python3": "build and run with the same version of Python",
    }
)


def binary_incompatibility(evidence: Evidence) -> Finding | None:
    """Answer when a compiled extension was built for another library, system, architecture or Python."""
    raised = blamed(evidence)
    if raised is None:
        return None
    message = flat(raised.message, 2000)
    if _NUMPY.search(message):
        return told(evidence, raised, _numpy(Confidence.CERTAIN, evidence))
    if _FOREIGN.search(message):
        return told(evidence, raised, _foreign(message, evidence))
    if name := _compiled_part(raised, message):
        return told(evidence, raised, _other_wheel(name, evidence))
    return told(evidence, raised, _numpy(Confidence.LIKELY, evidence)) if _warned(raised, evidence) else None


def shared_object_missing(evidence: Evidence) -> Finding | None:
    """Answer when a library of the system is not in the image."""
    for raised in evidence.boot.fatal.chain if evidence.boot.fatal else ():
        message = flat(raised.message, 2000)
        if found := next(filter(None, (pattern.search(message) for pattern in _LIBRARY)), None):
            return told(evidence, raised, _not_in_image(found["name"], evidence))
        if (name := missing_module(raised)) in _OWN_EXTENSIONS:
            return told(evidence, raised, _half_a_python(name, evidence))
    return _library_in_last_words(evidence) if evidence.boot.fatal is None else None


def _library_in_last_words(evidence: Evidence) -> Finding | None:
    """Answer when the loader's line stands alone, as a linker or a program that catches everything writes it."""
    for saying in last_words(evidence):
        for pattern in _LIBRARY[:2]:
            if found := pattern.search(saying.text):
                finding = _not_in_image(found["name"], evidence)
                doubts = ("No traceback shows that the program ended there.", *finding.uncertain)
                lone = replace(
                    finding, confidence=Confidence.LIKELY, evidence=(saying.quote,), uncertain=doubts
                )
                return about(evidence, lone)
    return None


def _warned(raised: Raised, evidence: Evidence) -> bool:
    """Tell whether a library failed after NumPy 2 had complained: its words stand before the traceback."""
    asked = importer_of(raised)
    if raised.name not in {"ImportError", "AttributeError"} or asked is None or asked.project:
        return False
    return any(_NUMPY_WARNING.search(line.text) for line in evidence.boot.lines)


def _numpy(confidence: Confidence, evidence: Evidence) -> Finding:
    return Finding(
        Cause.BINARY_INCOMPATIBILITY,
        confidence,
        boots=False,
        summary="A compiled package was built against another major version of NumPy than is installed.",
        short="built for another NumPy",
        fix=(
            "requirements.txt: numpy<2, or newer versions of the packages that use it",
            deploy_command(evidence.revision),
        ),
        uncertain=("Which of the packages is the old one is seen from the frames, not proven.",),
    )


def _foreign(message: str, evidence: Evidence) -> Finding:
    return Finding(
        Cause.BINARY_INCOMPATIBILITY,
        Confidence.CERTAIN,
        boots=False,
        summary=f"Compiled code does not fit the image: {in_few(message, 120)}",
        short="compiled for another system",
        fix=(
            "install the packages in the image that runs them: the same base in every stage of the Dockerfile",
            "docker build --platform linux/amd64 .  # where it was built on another architecture",
            "do not upload installed packages: .venv/ and site-packages belong into .gcloudignore",
            deploy_command(evidence.revision),
        ),
        uncertain=("Whether base image, architecture or version differs is not told by the message alone.",),
    )


def _compiled_part(raised: Raised, message: str) -> str:
    """Return the compiled part of an installed package that is not there, empty when it is nothing of the kind."""
    found = _COMPILED_NAME.search(message)
    if found and found["name"] in _PARTS and well_known(found["module"]):
        return f"{found['module']}.{found['name']}"
    name, asked = missing_module(raised), importer_of(raised)
    package, *parts = name.split(".")
    private = any(part.startswith("_") for part in parts)
    itself = asked is not None and not asked.project and f"/{package}/" in asked.file
    return name if private and itself else ""


def _other_wheel(name: str, evidence: Evidence) -> Finding:
    package = distribution_of(name)
    return Finding(
        Cause.BINARY_INCOMPATIBILITY,
        Confidence.LIKELY,
        boots=False,
        summary=f"{package} is there without its compiled part {name}: it was installed for another Python or system.",
        short=f"{package} is built for another Python",
        missing=name.rpartition(".")[2] if name.startswith("PIL.") else name,
        fix=(
            f"install {package} in the image that runs it, with the Python that runs it",
            "do not upload installed packages: .venv/ and site-packages belong into .gcloudignore",
            deploy_command(evidence.revision),
        ),
        uncertain=("Whether Python's version or the architecture differs is not told.",),
    )


def _not_in_image(name: str, evidence: Evidence) -> Finding:
    stem = name.removeprefix("lib")
    package = next((apt for start, apt in _APT.items() if stem.startswith(start)), "")
    wheel = next((advice for start, advice in _WHEELS.items() if stem.startswith(start)), "")
    known = (
        f"Dockerfile: RUN apt-get update && apt-get install -y --no-install-recommends {package}"
        if package
        else f"find its package, apt-file search {name}, and install it in the Dockerfile with apt-get"
    )
    return Finding(
        Cause.SHARED_OBJECT_MISSING,
        Confidence.CERTAIN,
        boots=False,
        summary=f"The library {name} of the system is not in the image, and a Python package needs it.",
        short=f"{name} is not in the image",
        missing=name,
        fix=(*([wheel] if wheel else []), known, deploy_command(evidence.revision)),
        uncertain=("Names of packages are Debian 12's; other releases and Alpine call some otherwise.",),
    )


def _half_a_python(name: str, evidence: Evidence) -> Finding:
    return Finding(
        Cause.SHARED_OBJECT_MISSING,
        Confidence.LIKELY,
        boots=False,
        summary=f"The image's Python was built without {name}, because a library of the system was not there.",
        short=f"Python was built without {name}",
        missing=name,
        fix=("Dockerfile: FROM python:3.13-slim, which has it", deploy_command(evidence.revision)),
        uncertain=("A Python that was copied out of another image looks the same.",),
    )
