from viewcast.api.audit import Audit as Audit
from viewcast.api.audit import audit as audit

__version__: str
