"""A referee for loops that improve themselves: it holds the targets and answers one bit."""

from viewcast.base.offered import looked_up

OFFERED = {
    "Answer": "viewcast.referee.answers",
    "Client": "viewcast.referee.client",
    "ClosedError": "viewcast.referee.answers",
    "Referee": "viewcast.referee.referee",
    "RefusedError": "viewcast.referee.answers",
    "SpentError": "viewcast.referee.answers",
    "Verdict": "viewcast.referee.answers",
}

__getattr__ = looked_up(__name__, OFFERED)
