"""Where gradient descent runs."""


def device_of(wanted: str) -> str:
    """``cpu`` or ``cuda``; ``auto`` is the GPU where there is one."""
    if wanted != "auto":
        return wanted
    import torch  # noqa: PLC0415 (torch takes more than a second to import: only training by descent needs it)

    return "cuda" if torch.cuda.is_available() else "cpu"
