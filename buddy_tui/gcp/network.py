"""gcp: why there was no connection, in our words."""

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


def no_connection(text: str) -> str:
    """Tell why there was no connection, in our words; empty where the text is about something else."""
    return next((why for sign, why in _NO_CONNECTION if sign in text), "")
