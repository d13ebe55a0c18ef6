"""Bulk jobs on several machines."""
