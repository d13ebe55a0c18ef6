"""JSON, the decoding table and redaction; no I/O."""
