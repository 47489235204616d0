"""deploy: a new revision without traffic, from a source tree or an image, and what became of it."""
