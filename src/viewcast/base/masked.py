"""Passwords in addresses are not shown: neither in messages nor in what is written."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

# scheme://user:password@host; a password that holds a slash or a space is no valid address.
_LOGIN = re.compile(r"(?P<user>\b[A-Za-z][\w+.-]*://[^\s:/@]*):[^\s/]*@")


def masked(text: str) -> str:
    """The text with ``***`` in place of the password of every address in it."""
    return _LOGIN.sub(r"\g<user>:***@", text)


def masked_values(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings to be stored where others read them: texts at any depth as ``masked`` gives them."""
    return {key: _masked(value) for key, value in settings.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return masked_values(value)
    if isinstance(value, list):
        return [_masked(each) for each in value]
    return masked(value) if isinstance(value, str) else value


def without_login(uri: str) -> str:
    """An address without the name and the password in it, as a link that anybody may see."""
    parts = urlsplit(uri)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
