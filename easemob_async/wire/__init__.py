"""Values in, values out: JSON, the decoding table, redaction."""
