"""The workshop's six questions, in its order; each scenario answers one of them."""

from __future__ import annotations

QUESTIONS = (
    "Why not just use a DB?",
    "What if we just 'fire and forget'?",
    "How do we guarantee it arrives?",
    "We solved reliability, but what other problem can appear?",
    "How do we make consumers 'safe' for duplicates?",
    "Can the system just handle this for me?",
)
