"""What the service takes and answers, as attrs classes: one module a subject, no I/O."""
