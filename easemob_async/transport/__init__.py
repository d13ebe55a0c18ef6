"""All that stands between a resource and the wire, one idea a module."""
