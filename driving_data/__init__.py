"""FACTS: the shared data model and its storage. What was seen or simulated, and whence.

Everything that one room hands to another lives here: `Rollout` (what happened), `Segment` (what was seen),
`Provenance` (where it came from), `Verdict` (what was doubted), and the ports by which rooms meet.
The top of this package needs numpy only; pyarrow, lxml and the rest load inside the module that uses them.
"""
