"""The journal of a bulk job: an SQLite file that records requests and their outcomes."""
