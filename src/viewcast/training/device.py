"""Where gradient descent runs."""

from pathlib import Path

# Of an NVIDIA driver, of the same within Windows (WSL), and of AMD's ROCm.
DRIVERS = ("/proc/driver/nvidia/version", "/dev/nvidiactl", "/dev/dxg", "/dev/kfd")


def device_of(wanted: str) -> str:
    """``cpu`` or ``cuda``; ``auto`` is the GPU where there is one."""
    if wanted != "auto":
        return wanted
    # torch takes more than a second to import, and finds no GPU where there is no driver.
    if not any(Path(driver).exists() for driver in DRIVERS):
        return "cpu"
    import torch  # noqa: PLC0415

    return "cuda" if torch.cuda.is_available() else "cpu"
