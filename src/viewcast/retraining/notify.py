"""Notifications of how a night ended, by apprise (the extra ``notify``): mail, chats, webhooks.

An address holds secrets (a token, a password): it is never printed, logged or stored. A service
that does not answer is told on standard error, and changes nothing about the night.
"""

import logging
import os
import sys
import time
from collections.abc import Mapping
from importlib import import_module
from threading import Thread
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, SecretStr
from pydantic.dataclasses import dataclass

from viewcast.base.errors import ConfigError
from viewcast.base.settings import construct
from viewcast.retraining.outcome import Ending

VARIABLE = "VIEWCAST_NOTIFY_URLS"
LONGEST = 1500  # characters of a reason; some services refuse more than 2,000
KINDS: dict[Ending, str] = {
    "served": "success",
    "promoted": "success",
    "refused": "failure",
    "failed": "failure",
    "unreachable": "warning",
    "kept": "warning",
}


def _parted(given: Any) -> Any:
    """Addresses parted by white space, or a list of them, each hidden from messages."""
    if given is None:
        return []
    addresses = given.split() if isinstance(given, str) else given
    if not isinstance(addresses, list | tuple):
        addresses = [addresses]
    return [SecretStr(str(address)) for address in addresses]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Notify:
    """Whom the nights tell how they ended.

    ``urls``: addresses as apprise writes them, parted by white space; null for nobody. ``on``: the
    outcomes that are told. ``seconds``: how long a night waits for the services, at most.

    Refuses (ConfigError) addresses without apprise installed, and one that it does not know.
    """

    urls: Annotated[list[SecretStr], BeforeValidator(_parted)]
    on: list[Ending]
    seconds: Annotated[float, Field(gt=0, le=60)]

    def __post_init__(self) -> None:
        for number, address in enumerate(self.urls, start=1):
            if len(_services(address)) == 0:
                raise ConfigError(
                    f"notify.urls: address {number} of {len(self.urls)} is none that apprise "
                    "knows (it is not shown: it may hold a password); expected such as "
                    "mailto://user:password@example.org, slack://..., msteams://..., "
                    "json://host/path, parted by spaces; `apprise --details` lists all kinds"
                )

    def tell(self, outcome: Mapping[str, Any], channel: str) -> None:
        """Tell the outcome of a night, if it is one of those that are told. Never raises."""
        ending: Ending = outcome["outcome"]
        if ending in self.on:
            title = f"viewcast: night of {outcome['night']} of {channel}: {ending}"
            self._send(title, str(outcome["reason"]), KINDS.get(ending, "info"))

    def tell_no_night(self, reason: str) -> None:
        """Tell that the command ended before it could begin a night. Never raises."""
        if "failed" in self.on:
            self._send("viewcast: no night could begin", reason, KINDS["failed"])

    def _send(self, title: str, reason: str, kind: str) -> None:
        """Each service in a thread of its own that the end of the process does not wait for."""
        body = reason if len(reason) <= LONGEST else f"{reason[:LONGEST]} ..."
        sendings = [_Sending(address, title, body, kind) for address in self.urls]
        until = time.monotonic() + self.seconds
        for sending in sendings:
            sending.start()
        for number, sending in enumerate(sendings, start=1):
            sending.join(max(0.0, until - time.monotonic()))
            if not sending.taken:
                print(
                    f"notify.urls: address {number} of {len(sendings)} took no message within "
                    f"{self.seconds:g} s; the night is as it was",
                    file=sys.stderr,
                )


def tell_refusal(message: str, config: Mapping[str, Any] | None) -> None:
    """Tell that the command was refused before a night.

    ``config``: the composed configuration; None if there is none, and the environment alone says
    whom to tell.
    """
    default = {"urls": os.environ.get(VARIABLE), "on": ["failed"], "seconds": 10}
    try:
        notify: Notify = construct(Notify, (config or {}).get("notify") or default, "notify")
    except ConfigError:  # the refusal is of these very settings
        return
    notify.tell_no_night(message)


class _Sending(Thread):
    """A message on its way to one service; ``taken``: whether that has taken it."""

    def __init__(self, address: SecretStr, title: str, body: str, kind: str) -> None:
        super().__init__(daemon=True)
        self.message = {"title": title, "body": body, "notify_type": kind, "body_format": "text"}
        self.address = address
        self.taken = False

    def run(self) -> None:
        try:
            self.taken = bool(_services(self.address).notify(**self.message))
        except Exception:  # noqa: BLE001 (a service of any kind; its errors name its address)
            self.taken = False


def _services(address: SecretStr) -> Any:
    """The service behind an address as apprise's own object; it is empty for an unknown one."""
    try:
        apprise = import_module("apprise")
    except ImportError as error:
        raise ConfigError(
            "notify.urls: apprise is not installed, and nobody could be told; type "
            f"`pip install 'viewcast[notify]'`, or unset {VARIABLE}"
        ) from error
    # Its warnings name addresses.
    logger = logging.getLogger("apprise")
    logger.propagate, logger.handlers = False, [logging.NullHandler()]
    # In this thread: those of a pool would hold up the end of the process.
    services = apprise.Apprise(asset=apprise.AppriseAsset(async_mode=False))
    services.add(address.get_secret_value())
    return services
