"""The keys of a log: those of k9s where it has them."""

from textual.binding import Binding, BindingType

# Range 0 is the tail, 1 the head; the others are minutes before the newest line.
MINUTES = {2: 1, 3: 5, 4: 15, 5: 30, 6: 60}

KEYS: list[BindingType] = [
    Binding("down,j", "move(1)", "Next line", show=False, id="log.down"),
    Binding("up,k", "move(-1)", "Previous line", show=False, id="log.up"),
    Binding("ctrl+d,pagedown", "page(1)", "Half a page down", show=False, id="log.page-down"),
    Binding("ctrl+u,pageup", "page(-1)", "Half a page up", show=False, id="log.page-up"),
    Binding("g,home,1", "range(1)", "First line", show=False, id="log.head"),
    Binding("G,end,0", "range(0)", "Last line, and follow", show=False, id="log.tail"),
    Binding("right_square_bracket", "problem(1)", "Next problem", key_display="]", id="log.next-problem"),
    Binding(
        "left_square_bracket",
        "problem(-1)",
        "Previous problem",
        key_display="[",
        show=False,
        id="log.previous-problem",
    ),
    Binding("n", "match(1)", "Next match", show=False, id="log.next-match"),
    Binding("N", "match(-1)", "Previous match", show=False, id="log.previous-match"),
    Binding("s", "follow", "Follow", id="log.follow"),
    Binding("w", "wrap", "Wrap lines", show=False, id="log.wrap"),
    Binding("t", "times", "Times", show=False, id="log.times"),
    Binding("f", "full", "Full screen", show=False, id="log.full"),
    Binding("enter", "unfold", "Library frames", show=False, id="log.unfold"),
    Binding("y", "copy", "Copy line", show=False, id="log.copy"),
    *(
        Binding(f"{key}", f"range({key})", f"Last {minutes} min", show=False, id=f"log.last-{minutes}m")
        for key, minutes in MINUTES.items()
    ),
]
