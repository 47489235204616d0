"""doctor: what the terminal can show, and whether it takes what is copied."""

import codecs

from buddy_tui.clean import clean_line
from buddy_tui.doctor.values import Check, Machine
from buddy_tui.preflight.values import Verdict

# What the dashboard is drawn for, and what it can still be read in.
_ENOUGH = (80, 24)
_LEAST = (40, 12)
# Terminals that take OSC 52, by the variable that they set; from the documentation of each.
_COPIES = (
    "KITTY_WINDOW_ID",
    "WEZTERM_PANE",
    "ALACRITTY_WINDOW_ID",
    "GHOSTTY_RESOURCES_DIR",
    "WT_SESSION",
)


def terminal(machine: Machine) -> Check:
    """Fail where no screen can be drawn; warn where it is small. Without a terminal there is nothing to judge."""
    here, term = machine.terminal, clean_line(machine.environ.get("TERM", ""))
    if term == "dumb":
        return Check(
            Verdict.FAIL,
            "TERM is dumb: the dashboard cannot be drawn; the verbs work.",
            "export TERM=xterm-256color",
        )
    size = (here.columns, here.lines)
    shown = f"{here.columns}x{here.lines}"
    if here.columns and (size[0] < _LEAST[0] or size[1] < _LEAST[1]):
        return Check(
            Verdict.FAIL,
            f"The terminal is {shown}: too small to read the dashboard in.",
            "Make it 80x24 or larger.",
        )
    if here.columns and (size[0] < _ENOUGH[0] or size[1] < _ENOUGH[1]):
        return Check(
            Verdict.WARN, f"The terminal is {shown}: columns are left out.", "Make it 80x24 or larger."
        )
    if here.none:
        return Check(
            Verdict.SKIPPED, f"Nothing is drawn here: {here.none}.", "Run it in the terminal that is meant."
        )
    return Check(Verdict.PASS, f"{term or 'A terminal'}, {shown}." if here.columns else f"{term}.")


def colours(machine: Machine) -> Check:
    """Tell how many colours there are; every colour stands beside a word, so none of it is a failure."""
    environ = machine.environ
    if environ.get("NO_COLOR"):
        return Check(Verdict.PASS, "NO_COLOR is set: everything is told in words alone.")
    if machine.terminal.none:
        return Check(Verdict.SKIPPED, f"Nothing is drawn here: {machine.terminal.none}.")
    if environ.get("COLORTERM", "").lower() in {"truecolor", "24bit"}:
        return Check(Verdict.PASS, "16 million colours (COLORTERM).")
    if "256" in environ.get("TERM", ""):
        return Check(Verdict.PASS, "256 colours (TERM).")
    return Check(Verdict.WARN, "The terminal tells of 16 colours or fewer.", "export COLORTERM=truecolor")


def unicode(machine: Machine) -> Check:
    """Warn where our glyphs cannot be shown: ASCII is drawn instead."""
    encoding = machine.terminal.encoding
    if machine.settings.ascii:
        return Check(Verdict.PASS, f"ASCII is drawn, as {machine.settings.ascii.origin} says.")
    if not encoding:
        return Check(Verdict.SKIPPED, "Standard output is closed: nobody tells its encoding.")
    if _speaks_unicode(encoding):
        return Check(Verdict.PASS, f"Standard output is {encoding}.")
    return Check(
        Verdict.WARN,
        f"Standard output is {clean_line(encoding)}: ASCII is drawn.",
        "export LC_ALL=C.UTF-8 PYTHONUTF8=1",
    )


def clipboard(machine: Machine) -> Check:
    """Tell whether what is copied arrives (OSC 52). No terminal confirms it: many can only be tried."""
    environ, fix = machine.environ, "Try it: y in the dashboard, then paste."
    if machine.terminal.none:
        return Check(Verdict.SKIPPED, f"Nothing is copied here: {machine.terminal.none}.")
    if environ.get("TERM_PROGRAM") == "Apple_Terminal":
        return Check(
            Verdict.WARN,
            "Terminal.app takes nothing that is copied (OSC 52).",
            "Use another terminal, or select with the mouse.",
        )
    if environ.get("TMUX"):
        return Check(
            Verdict.WARN,
            "tmux passes what is copied on only where it is told to.",
            "tmux set-option -g set-clipboard on",
        )
    if environ.get("STY"):
        return Check(Verdict.WARN, "screen does not pass on what is copied (OSC 52).", "Use tmux.")
    if any(environ.get(name) for name in _COPIES):
        return Check(Verdict.PASS, "The terminal takes what is copied (OSC 52).")
    return Check(Verdict.SKIPPED, "The terminal does not tell whether it takes what is copied.", fix)


def _speaks_unicode(encoding: str) -> bool:
    try:
        return codecs.lookup(encoding).name.startswith("utf")
    except LookupError:
        return False
