from viewcast.api.audit import Audit as Audit
from viewcast.api.audit import audit as audit
from viewcast.api.audit import unwrite as unwrite
from viewcast.api.rows import log_rows as log_rows

__version__: str
