"""Which user of this machine has the other end of a connection? The kernel of Linux tells.

``/proc/net/tcp`` and ``tcp6`` list the sockets of this machine with the user that made each. Of a
connection over the loopback both ends are there. A submitter cannot change what they say.
"""

import contextlib
import ipaddress
import sys
from collections.abc import Iterator
from pathlib import Path

Address = tuple[str, int]
TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
ESTABLISHED = "01"  # a socket in another state may have lost its user, and 0 stands in its place
STATE, USER = 3, 7  # columns
LINE = 500  # characters, at most


def user_of(peer: Address, here: Address) -> int | None:
    """The number of the user whose socket ``peer`` is connected to ours at ``here``.

    None where the system does not tell: no Linux, another machine, another network namespace.
    """
    wanted = {f" {_hex(peer, mapped)} {_hex(here, mapped)} " for mapped in (False, True)}
    for table in TABLES:
        for fields in _sockets(table, wanted):
            if fields[STATE] == ESTABLISHED and fields[USER].isdecimal():
                return int(fields[USER])
    return None


def _sockets(table: Path, wanted: set[str]) -> Iterator[list[str]]:
    """The sockets with such ends; a machine may have thousands of others."""
    text = ""
    with contextlib.suppress(OSError):
        text = table.read_text(encoding="ascii", errors="replace")
    for ends in wanted:
        place = text.find(ends)
        if place >= 0:
            start = text.rfind("\n", 0, place) + 1
            fields = text[start : start + LINE].partition("\n")[0].split()
            if len(fields) > USER:
                yield fields


def _hex(address: Address, mapped: bool) -> str:
    """An address as the tables write it: words of 32 bits, each in the machine's order of bytes.

    ``mapped``: of version 4 as version 6 has it (``::ffff:127.0.0.1``).
    """
    host, port = address
    try:
        given = ipaddress.ip_address(host)
    except ValueError:  # a name
        return ""
    if mapped and given.version == 4:
        given = ipaddress.IPv6Address(f"::ffff:{given}")
    words = (given.packed[i : i + 4] for i in range(0, len(given.packed), 4))
    return "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words) + f":{port:04X}"
