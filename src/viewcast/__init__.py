"""viewcast predicts video views and says how far a validation score can be believed."""

import os

# The matrix library then rounds the same wherever in memory its operands lie: without it, a
# candidate's last bits would depend on its neighbours. It is read once, at the first product.
os.environ.setdefault("MKL_CBWR", "AUTO")

__version__ = "0.2.0"
