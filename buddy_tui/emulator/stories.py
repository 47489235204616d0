"""Every story by name."""

from buddy_tui.emulator.scenarios import (
    buddy,
    diverged,
    empty,
    failures,
    healthy,
    image_gone,
    latest_split,
    many,
    release,
    sessions,
    split,
)
from buddy_tui.emulator.story import Story

STORIES: tuple[Story, ...] = (
    buddy.STORY,
    failures.STORY,
    healthy.STORY,
    split.STORY,
    sessions.STORY,
    release.STORY,
    latest_split.STORY,
    diverged.STORY,
    image_gone.STORY,
    empty.STORY,
    many.STORY,
)


def find(name: str) -> Story:
    """Return the story of that name. Raises ValueError with a sentence that names all when there is none."""
    for story in STORIES:
        if story.name == name:
            return story
    raise ValueError(f"There is no story '{name}'. There are: {', '.join(story.name for story in STORIES)}.")
