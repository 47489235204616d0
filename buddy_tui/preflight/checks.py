"""preflight: the checks, in the order in which they are told. A new one is a file beside this one, and its name here."""

from collections.abc import Callable

from buddy_tui.preflight.apis import apis
from buddy_tui.preflight.architecture import architecture
from buddy_tui.preflight.boot import boot
from buddy_tui.preflight.cycles import cycles
from buddy_tui.preflight.dependencies import dependencies
from buddy_tui.preflight.git import git
from buddy_tui.preflight.image_layout import image_layout
from buddy_tui.preflight.imports import imports
from buddy_tui.preflight.large_files import large_files
from buddy_tui.preflight.left_out import left_out
from buddy_tui.preflight.listening import listening
from buddy_tui.preflight.look_alikes import look_alikes
from buddy_tui.preflight.names import names
from buddy_tui.preflight.permissions import permissions
from buddy_tui.preflight.root import root
from buddy_tui.preflight.secrets import secrets
from buddy_tui.preflight.settings import settings
from buddy_tui.preflight.shadowing import shadowing
from buddy_tui.preflight.syntax import syntax
from buddy_tui.preflight.values import Check, Facts

CHECKS: tuple[Callable[[Facts], Check], ...] = (
    root,
    look_alikes,
    left_out,
    image_layout,
    imports,
    dependencies,
    shadowing,
    cycles,
    syntax,
    listening,
    secrets,
    large_files,
    git,
    names,
    architecture,
    permissions,
    apis,
    settings,
    boot,
)
