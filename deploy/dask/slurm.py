"""A scheduler on this machine, and up to N workers in jobs of Slurm: ``slurm.py N``.

The settings are those of ``slurm.yaml``. Jobs end when there is no work for them, and all of them
when this program ends.
"""

import sys
import threading

from dask_jobqueue import SLURMCluster

if __name__ == "__main__":
    with SLURMCluster() as cluster:
        cluster.adapt(minimum=0, maximum=int(sys.argv[1]))
        print(f"engine=dask engine.scheduler={cluster.scheduler_address}", flush=True)
        threading.Event().wait()
