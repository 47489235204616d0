"""Log entries as endless streams of batches.

desk    all views of a project: who lists when, and what each view is told
view    one view: what it has seen, and what it still needs
tail    the one tail of a project, opened again when it breaks
merge   entries in order of time, each once, late ones marked
quota   the budget of list calls
"""

from buddy_tui.logs.desk import LogDesk

__all__ = ["LogDesk"]
