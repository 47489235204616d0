"""Shows what `buddy_tui` knows. Textual lives here; Google does not."""
