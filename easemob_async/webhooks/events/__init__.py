"""The events, one module a kind of thing that happens."""
