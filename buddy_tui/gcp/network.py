"""gcp: where REST calls go, and why there was no connection, in our words."""

import os

from buddy_tui.config import Settings

# How gRPC's core, the operating system and Python's own exceptions word it.
_NO_CONNECTION = (
    ("onnection refused", "connection refused"),
    ("ConnectionRefused", "connection refused"),
    ("DNS resolution failed", "its name does not resolve"),
    ("errors resolving", "its name does not resolve"),
    ("Name or service not known", "its name does not resolve"),
    ("gaierror", "its name does not resolve"),
    ("ertificate", "its certificate is not trusted"),
    ("SSL_ERROR", "no TLS connection"),
    ("imed out", "the connection timed out"),
    ("imeout", "the connection timed out"),
    ("etwork is unreachable", "the network is unreachable"),
    ("onnection reset", "the connection was cut"),
    ("Socket closed", "the connection was cut"),
    ("emote end closed", "the connection was cut"),
    ("onnection aborted", "the connection was cut"),
    ("Broken pipe", "the connection was cut"),
    ("failed to connect", "no connection"),
)


def rest_base(settings: Settings) -> str:
    """Return the base URL of REST calls: of an emulated world where there is one."""
    if not settings.emulated:
        return "https://run.googleapis.com"
    told = os.environ.get("CLOUD_RUN_EMULATOR_REST") or settings.emulated.value
    return told if "://" in told else f"http://{told}"


def no_connection(text: str) -> str:
    """Tell why there was no connection, in our words; empty where the text is about something else."""
    return next((why for sign, why in _NO_CONNECTION if sign in text), "")
