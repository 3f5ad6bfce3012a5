"""A drive in words: events, captions true and false, relations, what led to what, what radio messages were worth."""

from generators.labels.story.captions import captions_of
from generators.labels.story.causal import causal_graph
from generators.labels.story.events import Happening, happenings
from generators.labels.story.narrate import narrate
from generators.labels.story.radio import message_labels, message_rows
from generators.labels.story.relations import RELATIONS, relations_of

__all__ = [
    "RELATIONS",
    "Happening",
    "captions_of",
    "causal_graph",
    "happenings",
    "message_labels",
    "message_rows",
    "narrate",
    "relations_of",
]
