"""What may not be repeated: names are told, values never."""

import re
from dataclasses import replace

from buddy_tui.finding import Finding

_WIDTH = 4000
_MASK = "***"
_CONFIDENTIAL = (
    r"[\w.-]{0,60}(?:passw(?:or)?d|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)[\w.-]{0,60}"
)
# Code that asks for a value shows none.
_CODE = r"(?!os\.|environ|getenv|env\b|config\b|settings\b|self\.|None\b|True\b|False\b|Field\(|\*\*\*)"
_VALUE = r"(?:\"[^\"]*\"|'[^']*'|[^\s,;&)}\]'\"]+)"

_MASKED: tuple[tuple[re.Pattern[str], str], ...] = (
    # The user and password of a URL; a password may itself have `/` and `@`, a port and a path are none.
    (re.compile(r"(://)(?:[^\s/?#'\"@:]+@|[^\s/:?#'\"@]*:(?!\d+/)[^\s'\"]*@)"), rf"\1{_MASK}@"),
    (re.compile(r"\b(input_value=).*?(?=, input_type=|\]|$)"), rf"\1{_MASK}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\1 {_MASK}"),
    (re.compile(rf"(?i)\b({_CONFIDENTIAL}\s?=\s?){_CODE}{_VALUE}"), rf"\1{_MASK}"),
    (re.compile(rf"(?i)([\"']{_CONFIDENTIAL}[\"']\s*:\s*)([\"']).*?\2"), rf"\1{_MASK}"),
    # An environment that was echoed. `PORT=8080` has no underscore and is no secret.
    (re.compile(rf"\b([A-Z][A-Z0-9]*_[A-Z0-9_]+=){_CODE}{_VALUE}"), rf"\1{_MASK}"),
    (re.compile(r"(invalid literal for int\(\) with base \d+: |convert string to float: ).*"), rf"\1{_MASK}"),
    (re.compile(r"(?i)(invalid truth value:? |not a valid boolean:? ).*"), rf"\1{_MASK}"),
    (re.compile(r"((?:SQLAlchemy )?URL from (?:given URL )?string ).*"), rf"\1{_MASK}"),
    (
        re.compile(
            r"\beyJ[\w-]{8,}(?:\.[\w-]+)+|\bAIza[\w-]{30,}|\b(?:sk|pk|rk|gh[ops]|xox[abp])[-_][\w-]{16,}"
        ),
        _MASK,
    ),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*"), f"-----BEGIN PRIVATE KEY----- {_MASK}"),
)


def redact(text: str) -> str:
    """Return `text` with credentials in URLs, input values, tokens and values of settings masked as `***`.

    What is longer than any line that somebody reads is cut: no text of a log can keep the patterns busy.
    """
    text = text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"
    for pattern, masked in _MASKED:
        text = pattern.sub(masked, text)
    return text


def redacted(finding: Finding) -> Finding:
    """Return a finding none of whose words and quotes repeats a value of the environment."""
    return replace(
        finding,
        summary=redact(finding.summary),
        observed=redact(finding.observed),
        short=redact(finding.short),
        evidence=tuple(replace(quote, text=redact(quote.text)) for quote in finding.evidence),
        uncertain=tuple(map(redact, finding.uncertain)),
    )
