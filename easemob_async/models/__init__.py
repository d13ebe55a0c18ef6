"""The requests and answers of the service as attrs classes, one module per resource; no I/O."""
