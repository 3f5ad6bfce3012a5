"""The ports of this room: what a policy sees and does, and the worlds that it is judged in."""

from driving_data.ports import Control, Executor, Observation, Policy, Session, Simulator, TaskFailure

__all__ = ["Control", "Executor", "Observation", "Policy", "Session", "Simulator", "TaskFailure"]
