"""The journal of a bulk job: an SQLite file that knows what left and what came back."""
