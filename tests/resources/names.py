"""Names that people give to users and files, and names that no request may carry."""

from __future__ import annotations

TAKEN = [
    "Screenshot 2026-11-20 at 3.15.00\u202fPM.png",
    "\u3000全角.txt",
    "a\u00a0b.pdf",
    "\U0001f469\u200d\U0001f4bb.jpg",
    "soft\u00adhyphen",
    "\ufeffmark",
    "\u202ertl",
    'quo"te\\back',
]
CONTROL = "control characters"
HALF = "half a surrogate pair"
REFUSED = [
    ("a\nb", CONTROL),
    ("a\tb", CONTROL),
    ("\x00", CONTROL),
    ("a\x7f", CONTROL),
    ("a\x85", CONTROL),
    ("half \ud83d", HALF),
    ("\x1b[0m", CONTROL),
]
"""Each name with the words of the error."""
