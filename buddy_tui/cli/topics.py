"""cli: `buddy-tui help TOPIC`: exit codes, environment variables, or a verb."""

from buddy_tui.clean import clean_line
from buddy_tui.cli.verbs import VERBS, root_help
from buddy_tui.errors import ExitCode, UsageProblem

_MEANINGS = {
    ExitCode.OK: "it was done, or it is as it should be",
    ExitCode.PROBLEM_FOUND: "a check found a problem, or buddy-tui itself has a bug",
    ExitCode.USAGE: "the command line, a name or a setting is wrong",
    ExitCode.RETRYABLE: "no answer, a quota, or Google's own failure: try again later",
    ExitCode.NOT_ALLOWED: "not signed in, or a permission is missing",
    ExitCode.REFUSED: "a guard said no, and nothing was changed",
    ExitCode.UNFINISHED: "an action was started and did not end as asked",
    ExitCode.INTERRUPTED: "interrupted",
}

_ENVIRONMENT = """\
Each setting is taken from the first of these that has it: an option, BUDDY_*, buddy.toml, gcloud's environment,
gcloud's active configuration, Application Default Credentials. `buddy-tui context` prints what came from where.

  BUDDY_PROJECT, BUDDY_REGION, BUDDY_SERVICE    as the options; several regions with commas
  BUDDY_PROFILE, BUDDY_CONFIG                   a profile of buddy.toml; the file itself
  BUDDY_IMPERSONATE                             act as this service account
  BUDDY_ENVIRONMENT                             a word for the header, e.g. PROD
  BUDDY_ACCOUNT                                 the account that the header shows
  BUDDY_READ_ONLY, BUDDY_ASCII                  yes or no; a yes from anywhere holds

  CLOUDSDK_CORE_PROJECT, GOOGLE_CLOUD_PROJECT, GCLOUD_PROJECT, CLOUDSDK_RUN_REGION, CLOUDSDK_CORE_ACCOUNT,
  CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT, CLOUDSDK_CONFIG, CLOUDSDK_ACTIVE_CONFIG_NAME,
  CLOUDSDK_BILLING_QUOTA_PROJECT, GOOGLE_CLOUD_QUOTA_PROJECT, GOOGLE_APPLICATION_CREDENTIALS
                                                as gcloud and Google's libraries understand them

  CLOUD_RUN_EMULATOR_HOST, CLOUD_RUN_EMULATOR_REST
                                                an emulated Cloud Run; no credentials are looked up
  NO_COLOR, TERM, HTTPS_PROXY                   as everywhere"""


def topic(name: str = "", /) -> None:
    """Explain a verb, or a topic: exit-codes, env."""
    if not name:
        print(root_help(), end="")
    elif name == "exit-codes":
        print("\n".join(f"  {code:>3}  {_MEANINGS[code]}" for code in ExitCode))
    elif name == "env":
        print(_ENVIRONMENT)
    elif name in {verb.name for verb in VERBS}:
        from buddy_tui.cli.parser import print_help

        print_help(name)
    else:
        raise UsageProblem(
            f'There is no topic "{clean_line(name)}".', "Topics: exit-codes, env, and every verb."
        )
