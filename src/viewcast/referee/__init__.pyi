from viewcast.referee.answers import Answer as Answer
from viewcast.referee.answers import ClosedError as ClosedError
from viewcast.referee.answers import RefusedError as RefusedError
from viewcast.referee.answers import SpentError as SpentError
from viewcast.referee.answers import Verdict as Verdict
from viewcast.referee.client import Client as Client
from viewcast.referee.referee import Referee as Referee
