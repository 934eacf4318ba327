"""The workers of a Dask cluster as an engine: ``engine=dask engine.scheduler=tcp://host:8786``.

What all tasks share is sent to every worker once (``Client.scatter``); a task is sent as its item.
Dask does the task of a lost worker again. Where all workers that held what is shared are lost, it
is sent anew. ``distributed`` comes with the extra ``dask``. Certificates for ``tls://`` are those
of Dask's own configuration (``distributed.comm.tls``).
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from importlib import import_module
from threading import Event
from typing import Annotated, Any, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from viewcast.base.engine import ItemT, ResultT, SharedT
from viewcast.base.errors import ConfigError
from viewcast.base.settings import STRICT

# Their versions can change the bits of a result, or what can be sent at all.
ALIKE = ("viewcast", "python", "distributed", "cloudpickle", "numpy", "pandas", "numba", "lightgbm")
SENDINGS = 5  # of what is shared: so often all of its holders may be lost


@dataclass(frozen=True, config=STRICT)
class Dask:
    """``scheduler``: its address. ``timeout``: seconds to wait for it and for a first worker."""

    scheduler: str
    timeout: Annotated[float, Field(gt=0)] = 30.0
    name: str = "dask"
    here: ClassVar[bool] = False

    def run(
        self,
        call: Callable[[SharedT, ItemT], ResultT],
        shared: SharedT,
        items: Sequence[ItemT],
        ended: Callable[[int, ResultT], Any],
        workers: int = 1,
        stop: Event | None = None,
    ) -> None:
        """As ``Engine.run``; how many tasks run at the same time is up to the cluster.

        Raises ConfigError where the scheduler cannot be reached, no worker joins in time, one of
        them lacks viewcast or has other versions, a task ends its worker again and again, or the
        scheduler is lost.
        """
        left = dict(enumerate(items))
        with self._client() as client:
            for _ in range(SENDINGS):
                self._some(client, call, shared, left, ended)
                if not left:
                    return
                self._check_connected(client)
        raise ConfigError(
            f"engine.scheduler = {self.scheduler}: {len(left)} of {len(items)} tasks lost all the "
            f"workers that held their data, {SENDINGS} times; give the workers more memory, and "
            "repeat the command: finished tasks are kept"
        )

    def _some(
        self,
        client: Any,
        call: Callable[[SharedT, ItemT], ResultT],
        shared: SharedT,
        left: dict[int, ItemT],
        ended: Callable[[int, ResultT], Any],
    ) -> None:
        """Do the tasks that are ``left`` and take out each that ends; some may remain."""
        distributed = _distributed()
        try:
            (data,) = client.scatter([shared], broadcast=True, hash=False, timeout=self.timeout)
        except TimeoutError as error:
            raise self._no_worker() from error
        # Not pure: the name of a task would be a hash of its item, and all of it would be walked.
        tasks = client.map(call, [data] * len(left), list(left.values()), pure=False)
        futures = dict(zip(tasks, list(left), strict=True))
        for future in distributed.as_completed(list(futures), loop=client.loop):
            place = futures.pop(future)
            try:
                result = future.result()
            except CancelledError:  # nobody holds the data any more
                continue
            except distributed.KilledWorker as error:
                raise ConfigError(
                    f"engine.scheduler = {self.scheduler}: a task ended each of the workers that "
                    f"began it, the last one was {error.last_worker.address}; their memory is the "
                    "usual reason: start them with a larger --memory-limit, and repeat the "
                    "command: finished tasks are kept"
                ) from error
            ended(place, result)
            del left[place], result
            future.release()  # so that no worker keeps a result that is on this disk

    @contextmanager
    def _client(self) -> Iterator[Any]:
        distributed = _distributed()
        try:
            with warnings.catch_warnings():
                # Other versions are refused below, in words.
                warnings.simplefilter("ignore", distributed.versions.VersionMismatchWarning)
                client = distributed.Client(
                    self.scheduler, timeout=self.timeout, set_as_default=False, name="viewcast"
                )
        except (OSError, TimeoutError, ValueError) as error:
            raise ConfigError(
                f"engine.scheduler = {self.scheduler}: no Dask scheduler answers there within "
                f"{self.timeout:g} s ({type(error).__name__}); start one with `dask scheduler`, or "
                "give the address that it printed, such as tcp://host:8786"
            ) from error
        with client:
            try:
                client.wait_for_workers(1, timeout=self.timeout)
            except TimeoutError as error:
                raise self._no_worker() from error
            self._check_versions(client.get_versions(packages=list(ALIKE)))
            yield client

    def _no_worker(self) -> ConfigError:
        return ConfigError(
            f"engine.scheduler = {self.scheduler}: no worker was there for {self.timeout:g} s; "
            f"start some with `dask worker {self.scheduler} --nworkers -1 --nthreads 1`, and "
            "repeat the command: finished tasks are kept"
        )

    def _check_versions(self, found: dict[str, Any]) -> None:
        """Refuse (ConfigError) machines that lack viewcast, or that cannot give the same bits.

        The scheduler reads tasks too, and needs the modules that they name.
        """
        own = _versions(found["client"])
        workers = {f"the worker {name}": each for name, each in found["workers"].items()}
        for machine, versions in {"the scheduler": found["scheduler"], **workers}.items():
            others = _versions(versions)
            if others["viewcast"] is None:
                raise ConfigError(
                    f"engine.scheduler = {self.scheduler}: {machine} has no viewcast; "
                    "install the project there (`pip install -e .[project,dask]`) and restart it"
                )
            differ = [name for name in ALIKE if others[name] != own[name]]
            if differ:
                shown = ", ".join(f"{name} {others[name]} (here {own[name]})" for name in differ)
                raise ConfigError(
                    f"engine.scheduler = {self.scheduler}: {machine} has {shown}; the "
                    "same work must give the same bits: install requirements.lock there and "
                    "restart it"
                )

    def _check_connected(self, client: Any) -> None:
        if client.status != "running":
            raise ConfigError(
                f"engine.scheduler = {self.scheduler}: the connection to the scheduler was lost; "
                "start it again and repeat the command: finished tasks are kept"
            )


def _versions(machine: dict[str, Any]) -> dict[str, str | None]:
    """The versions of one machine; of Python the two first numbers, which name a language."""
    python = ".".join(machine["host"]["python"].split(".")[:2])
    return {name: machine["packages"].get(name) for name in ALIKE} | {"python": python}


def _distributed() -> Any:
    """Imported when it is needed: it takes a second, and comes with an extra."""
    try:
        return import_module("distributed")
    except ImportError as error:
        raise ConfigError(
            "engine = dask: distributed is not installed; type `pip install 'viewcast[dask]'`"
        ) from error
