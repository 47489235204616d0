"""Which modules of the backend are loaded, and on which Python."""

import platform
import sys


def dependency_report() -> dict[str, object]:
    loaded = sorted(name for name in sys.modules if name.startswith("Back_End."))
    return {"python": platform.python_version(), "modules": len(loaded)}
