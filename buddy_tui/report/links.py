"""report: pages of Google's console that show the same thing. Pure."""

from buddy_tui.console_pages import logs_page, revisions_page, service_page
from buddy_tui.log_scope import filter_of, nanoseconds, rfc3339
from buddy_tui.model import LogScope, Revision
from buddy_tui.report.episode import Episode
from buddy_tui.report.material import Material
from buddy_tui.report.values import Page


def pages(material: Material) -> tuple[Page, ...]:
    """Return the pages of the service itself."""
    name = material.service.name
    activity = f'logName="projects/{name.project}/logs/cloudaudit.googleapis.com%2Factivity"'
    audit = f"{activity} AND {filter_of(LogScope(name, activity=True))}"
    return (
        Page("Service", service_page(name)),
        Page("Revisions", revisions_page(name)),
        Page("Who changed it (audit log)", logs_page(name.project, audit)),
    )


def links(material: Material, episode: Episode) -> tuple[Page, ...]:
    """Return these, and the logs of the first and the last failure, and of what lost its traffic."""
    moved = map(material.revision, episode.suspects)
    about = dict.fromkeys((*episode.failed[:1], *episode.failed[-1:], *moved))
    return (*pages(material), *(_logs(material, one) for one in about if one))


def _logs(material: Material, revision: Revision) -> Page:
    name = material.service.name
    moment = rfc3339(nanoseconds(revision.created)) if revision.created else ""
    query = filter_of(LogScope(name, revision.name))
    return Page(f"Log of {revision.name}", logs_page(name.project, query, moment))
