"""viewcast predicts video views and says how far a validation score can be believed."""

import os

from viewcast.base.offered import looked_up

# The matrix library then rounds the same wherever in memory its operands lie: without it, a
# candidate's last bits would depend on its neighbours. It is read once, at the first product.
os.environ.setdefault("MKL_CBWR", "AUTO")

__version__ = "0.2.0"

# What the package offers by its own name, and where it is; __init__.pyi has the types.
OFFERED = {
    "Audit": "viewcast.api.audit",
    "audit": "viewcast.api.audit",
    "unwrite": "viewcast.api.audit",
    "log_rows": "viewcast.api.rows",
}

__getattr__ = looked_up(__name__, OFFERED)
