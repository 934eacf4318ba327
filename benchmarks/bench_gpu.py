"""What training costs on a GPU: the PyTorch engine with very many candidates at once.

Not CPU seconds: there the clock is what one waits for.
"""

import statistics
import time
from typing import Any

import torch
from peers import ours
from peers.work import starts, work_of
from side_by_side import keep

ROUNDS = 5
COUNTS = (64, 1024, 4096)
EPOCHS = 20


def main() -> None:
    if not torch.cuda.is_available():
        print("no GPU is here: nothing is measured, and former results stay")
        return
    keep(
        "engine_gpu",
        [on_gpu(count) for count in COUNTS],
        "models x updates per second of the clock, 1 layer, batch 32, 1,400 rows, both losses of "
        f"every epoch; median of {ROUNDS}",
    )


def on_gpu(count: int) -> dict[str, Any]:
    work, taken = work_of(1400, (100,), 32, EPOCHS), []
    first = starts(work, count)
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        ours.fit(work, first, device="cuda", engine="torch")  # its results lie in ordinary memory
        taken.append(time.perf_counter() - start)
    seconds = statistics.median(taken[1:])  # the first also starts the device
    return {
        "device": torch.cuda.get_device_name(),
        "K": count,
        "per second": round(count * work.updates / seconds),
        "GFLOP/s": count * work.updates * work.flops / seconds / 1e9,
    }


if __name__ == "__main__":
    main()
