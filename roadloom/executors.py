"""Engines for independent tasks: in this process, in worker processes of this machine, on a Ray cluster.

Tasks are looked up when their turn comes, so that a mapping may make them on demand; this may happen in several
threads at once. All three give results by key, in the order of the tasks. A task that raises, runs out of time or
kills its worker is tried again a bounded number of times and then becomes a `TaskFailure`; no other task notices.
Tasks shall be longer than about 100 ms and name their inputs by content, so that the same key means the same work.
"""

import os
import queue
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from driving_data.errors import InputError, MissingExtra, TaskError, Unsupported
from driving_data.ports import Executor, TaskFailure
from driving_data.registry import Registry
from roadloom.settings import ExecutorConfig

Item = TypeVar("Item")
Result = TypeVar("Result")
Done = Callable[[str], None]

EXECUTORS = Registry(
    "executor",
    "roadloom.executors",
    {
        "serial": "roadloom.executors:SerialExecutor",
        "loky": "roadloom.executors:LokyExecutor",
        "ray": "roadloom.executors:RayExecutor",
    },
)
# What a second try cannot mend.
_FINAL = (InputError, MissingExtra, Unsupported)
_IDLE_S = 300.0


def make_executor(config: ExecutorConfig) -> Executor:
    """The engine that a configuration names.

    Raises:
        InputError: nothing is registered under that name.
    """
    engine = EXECUTORS.load(config.name)
    return engine(workers=config.workers, timeout_s=config.timeout_s, retries=config.retries)


@dataclass(frozen=True, slots=True)
class SerialExecutor:
    """Runs tasks one after the other in this process; `timeout_s` cannot be kept here and is ignored."""

    workers: int = 1
    timeout_s: float = 0.0
    retries: int = 0

    def map(
        self, function: Callable[[Item], Result], tasks: Mapping[str, Item], *, done: Done | None = None
    ) -> Mapping[str, Result | TaskFailure]:
        """Results by key, in the order of the tasks."""
        results: dict[str, Result | TaskFailure] = {}
        for key, item in tasks.items():
            results[key] = _tried(key, lambda item=item: function(item), self.retries)
            if done is not None:
                done(key)
        return results


def _tried(key: str, attempt: Callable[[], Result], retries: int) -> Result | TaskFailure:
    """The result of the first attempt that gives one, or why the last gave none."""
    tries = 0
    while True:
        tries += 1
        try:
            return attempt()
        except TaskError as error:
            reason, final = error.reason, False
        except Exception as error:
            reason, final = _reason(error), isinstance(error, _FINAL)
        if final or tries > retries:
            return TaskFailure(key, reason, tries)


def _reason(error: BaseException) -> str:
    """What happened and where, in one line."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({os.path.basename(frames[-1].filename)}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"


@dataclass(frozen=True, slots=True)
class LokyExecutor:
    """Runs tasks in worker processes of this machine.

    Each worker is a pool of its own: when one is killed or runs out of time, only the task that it was doing is
    lost, and that task is known. Workers stay warm between calls and go when they have been idle.

    Attributes:
        workers: worker processes; 0 means one per core that this process may use.
        timeout_s: longest time for one try of one task; 0 means no limit. The worker is killed when it is over.
        retries: further tries after a failed one.
    """

    workers: int = 0
    timeout_s: float = 0.0
    retries: int = 1

    def map(
        self, function: Callable[[Item], Result], tasks: Mapping[str, Item], *, done: Done | None = None
    ) -> Mapping[str, Result | TaskFailure]:
        """Results by key, in the order of the tasks; `done` is called in this thread as each task ends."""
        count = min(self.workers or len(os.sched_getaffinity(0)), len(tasks))
        job = _Job(function, tasks, self.timeout_s, self.retries)
        threads = [threading.Thread(target=job.serve, name=f"worker-{k}") for k in range(count)]
        for thread in threads:
            thread.start()
        results: dict[str, Any] = {}
        try:
            for _ in range(len(tasks)):
                key, result = job.ended.get()
                if isinstance(result, _Crash):
                    raise result.error
                results[key] = result
                if done is not None:
                    done(key)
        except BaseException:
            job.stop()
            raise
        finally:
            for thread in threads:
                thread.join()
        return {key: results[key] for key in tasks}


@dataclass(frozen=True, slots=True)
class _Crash:
    """Our own code failed in a serving thread."""

    error: BaseException


@dataclass(frozen=True, eq=False)
class _Job:
    """One call of `map`: what is to do, what has ended, which pools are busy."""

    function: Callable[[Any], Any]
    tasks: Mapping[str, Any]
    timeout_s: float
    retries: int
    waiting: "queue.SimpleQueue[str]" = field(init=False)
    ended: "queue.SimpleQueue[tuple[str, Any]]" = field(default_factory=queue.SimpleQueue)
    stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
        for key in self.tasks:
            waiting.put(key)
        object.__setattr__(self, "waiting", waiting)

    def serve(self) -> None:
        """What one thread does: takes tasks until there are none, with a worker of its own."""
        worker = _Worker.take()
        try:
            while not self.stopped.is_set():
                key = self.waiting.get_nowait()
                item = self.tasks[key]
                result = _tried(key, lambda key=key, item=item: worker.run(key, self, item), self.retries)
                self.ended.put((key, result))
        except queue.Empty:
            pass
        except BaseException as error:
            self.ended.put(("", _Crash(error)))
        finally:
            if self.stopped.is_set():
                worker.kill()
            else:
                worker.put_back()

    def stop(self) -> None:
        """Ends the call: no task begins any more, and workers that are busy are killed."""
        self.stopped.set()


_idle: list["_Worker"] = []
_idle_lock = threading.Lock()


class _Worker:
    """A loky pool of one process."""

    def __init__(self) -> None:
        self._pool: Any = None

    @staticmethod
    def take() -> "_Worker":
        with _idle_lock:
            return _idle.pop() if _idle else _Worker()

    def put_back(self) -> None:
        with _idle_lock:
            _idle.append(self)

    def run(self, key: str, job: _Job, item: Any) -> Any:
        """One try of one task; a pool whose process died or is stuck is thrown away.

        Raises:
            TaskError: the worker was lost or the time ran out.
        """
        from loky.process_executor import BrokenProcessPool, ShutdownExecutorError

        future = self._submit(_call, job.function, item)
        began = time.monotonic()
        while True:
            try:
                return future.result(timeout=_POLL_S)
            except FutureTimeout:
                if future.done():
                    # The task itself raised a TimeoutError.
                    return future.result()
                if job.stopped.is_set():
                    raise TaskError(key, "stopped") from None
                if job.timeout_s and time.monotonic() - began >= job.timeout_s:
                    self.kill()
                    raise TaskError(key, f"took longer than {job.timeout_s:g} s") from None
            except (BrokenProcessPool, ShutdownExecutorError) as error:
                self.kill()
                raise TaskError(key, _lost(error)) from error

    def _submit(self, function: Callable[..., Any], *arguments: Any) -> Any:
        from loky.process_executor import BrokenProcessPool, ShutdownExecutorError

        if self._pool is not None:
            try:
                return self._pool.submit(function, *arguments)
            except (BrokenProcessPool, ShutdownExecutorError):
                # It died while idle: no task is to blame.
                self.kill()
        self._pool = _new_pool()
        return self._pool.submit(function, *arguments)

    def kill(self) -> None:
        """Ends the process, whatever it is doing."""
        pool, self._pool = self._pool, None
        if pool is not None:
            with suppress(OSError):
                pool.shutdown(wait=True, kill_workers=True)


_POLL_S = 0.05


def _call(function: Callable[[Any], Any], item: Any) -> Any:
    return function(item)


def _ready() -> int:
    return os.getpid()


def _new_pool() -> Any:
    """A pool of one process that has already started, so that its start does not count as a task's time."""
    from loky.process_executor import ProcessPoolExecutor

    pool = ProcessPoolExecutor(max_workers=1, timeout=_IDLE_S)
    pool.submit(_ready).result()
    return pool


def _lost(error: BaseException) -> str:
    first = str(error).strip().splitlines()
    return f"lost its worker: {type(error).__name__}: {first[0] if first else ''}".rstrip(": ")


def release_workers() -> None:
    """Ends every idle worker now."""
    with _idle_lock:
        workers, _idle[:] = list(_idle), []
    for worker in workers:
        worker.kill()


@dataclass(frozen=True, slots=True)
class RayExecutor:
    """Runs tasks on Ray: this machine, or the cluster that RAY_ADDRESS names.

    Attributes:
        workers: tasks at a time; 0 means as many as the cluster has cores.
        timeout_s: longest time for one try of one task; 0 means no limit.
        retries: further tries after a failed one.
    """

    workers: int = 0
    timeout_s: float = 0.0
    retries: int = 1

    def map(
        self, function: Callable[[Item], Result], tasks: Mapping[str, Item], *, done: Done | None = None
    ) -> Mapping[str, Result | TaskFailure]:
        """Results by key, in the order of the tasks.

        Raises:
            MissingExtra: ray is not installed.
        """
        try:
            import ray  # pyright: ignore[reportMissingImports]
        except ImportError as error:
            raise MissingExtra("ray", "ray", "the executor 'ray'") from error
        if not ray.is_initialized():
            cpus = None if os.environ.get("RAY_ADDRESS") else (self.workers or None)
            ray.init(num_cpus=cpus, include_dashboard=False, log_to_driver=False, configure_logging=False)
        count = self.workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
        waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
        for key in tasks:
            waiting.put(key)
        results: dict[str, Any] = {}
        ended: queue.SimpleQueue[str] = queue.SimpleQueue()
        remote = ray.remote(max_retries=0)(_call)

        def serve() -> None:
            with suppress(queue.Empty):
                while True:
                    key = waiting.get_nowait()
                    attempt = lambda key=key: _ray_try(ray, remote, key, function, tasks[key], self.timeout_s)  # noqa: E731
                    results[key] = _tried(key, attempt, self.retries)
                    ended.put(key)

        threads = [threading.Thread(target=serve, daemon=True) for _ in range(min(count, len(tasks)))]
        for thread in threads:
            thread.start()
        for _ in range(len(tasks)):
            key = ended.get()
            if done is not None:
                done(key)
        return {key: results[key] for key in tasks}


def _ray_try(ray: Any, remote: Any, key: str, function: Any, item: Any, timeout_s: float) -> Any:
    reference = remote.remote(function, item)
    try:
        return ray.get(reference, timeout=timeout_s or None)
    except ray.exceptions.GetTimeoutError:
        ray.cancel(reference, force=True)
        raise TaskError(key, f"took longer than {timeout_s:g} s") from None
    except ray.exceptions.WorkerCrashedError as error:
        raise TaskError(key, _lost(error)) from error
    except ray.exceptions.RayTaskError as error:
        raise error.cause if isinstance(error.cause, Exception) else error from error
