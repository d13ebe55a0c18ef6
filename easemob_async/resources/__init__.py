"""The operations, one module a resource; a method checks, makes one call, gives a typed answer."""
