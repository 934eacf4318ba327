"""A limit for the whole of a call, where libraries limit each of its reads."""

import contextvars
from collections.abc import Callable
from threading import Thread
from typing import TypeVar

Result = TypeVar("Result")


def within(seconds: float, call: Callable[[], Result]) -> Result:
    """What the call returns or raises; TimeoutError where it takes longer.

    A server that sends a byte a second would never let the limit of a single read pass. The call
    goes on in a thread that ends with the process.
    """
    answers: list[Result] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            answers.append(call())
        except BaseException as error:  # noqa: BLE001 (raised again where it was called)
            errors.append(error)

    thread = Thread(target=contextvars.copy_context().run, args=(work,), daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not answers:
        raise TimeoutError(f"no answer in {seconds:g} seconds")
    return answers[0]
