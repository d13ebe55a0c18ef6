"""The event classes, one module per subject."""
