"""cli: the verbs as a cyclopts app. A verb's module is imported only when the verb is called."""

from difflib import get_close_matches

from cyclopts import App, CycloptsError, Parameter, UnusedCliTokensError

from buddy_tui import __version__
from buddy_tui.clean import clean_line
from buddy_tui.cli.options import Context
from buddy_tui.cli.verbs import VERBS, examples_of
from buddy_tui.errors import UsageProblem

_NO_OPTIONS = Context()


def parse_and_run(arguments: list[str]) -> int | None:
    """Run what `arguments` say and return its exit code. Raises UsageProblem for what cannot be parsed."""
    try:
        result = _app()(arguments)
    except CycloptsError as error:
        raise _as_usage(error) from None
    return result if isinstance(result, int) else None


def print_help(*verb: str) -> None:
    """Print the help of a verb."""
    _app().help_print(list(verb))


def _app() -> App:
    app = App(
        name="buddy-tui",
        version=__version__,
        help_format="plaintext",
        help_formatter="plain",
        default_parameter=Parameter(negative="", show_default=False),
        # Our own words and exit codes, see `outcome`.
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
        suppress_keyboard_interrupt=False,
    )
    app.default(_dashboard)
    for verb in VERBS:
        app.command(
            verb.target,
            name=verb.name,
            help=verb.summary,
            help_prologue=examples_of(verb),
            help_epilogue=verb.exits or None,
        )
    return app


def _dashboard(*, context: Context = _NO_OPTIONS) -> int:
    from buddy_tui.cli.dashboard import doctor_of, run

    return run(context.settings(), doctor=doctor_of(context.flags()))


def _as_usage(error: CycloptsError) -> UsageProblem:
    chain = error.command_chain or ()
    help_of = f"See {' '.join(('buddy-tui', *chain, '--help'))}"
    tokens = (isinstance(error, UnusedCliTokensError) and error.unused_tokens) or []
    if not tokens:
        return UsageProblem(clean_line(str(error)), help_of)
    if chain:
        return UsageProblem(f'"{clean_line(tokens[0])}" is one argument too many.', help_of)
    return _no_verb(tokens)


def _no_verb(tokens: list[str]) -> UsageProblem:
    names = [verb.name for verb in VERBS]
    if verb := next((token for token in tokens if token in names), ""):
        return UsageProblem("The options of a verb come behind it.", f"See buddy-tui {verb} --help")
    near = get_close_matches(tokens[0], names, 1)
    return UsageProblem(
        f'There is no verb "{clean_line(tokens[0])}".',
        f"Did you mean {near[0]}?" if near else f"Verbs: {', '.join(names)}.",
    )
