"""The circuit breaker around the payment provider: Powertools', with a count that all share.

Powertools runs the states and elects who probes. Every call is counted in the shared item before it
is made: a provider that answers nobody gets `THRESHOLD` calls from all instances together, then one
in each `RECOVERY_SECONDS`. The first answer clears the count. DynamoDB failing is no reason not to
pay: then calls go through.
"""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from aws_lambda_powertools.utilities.circuit_breaker import (
    CircuitBreakerConfig,
    CircuitBreakerOpenError,
    CircuitState,
    CircuitTransition,
    circuit_breaker,
)

from orders.payments.circuit import NAME, Circuit
from orders.payments.model import ProviderLeftAlone
from orders.payments.provider import Answer, Dead, Request
from runtime.clients import client
from runtime.logs import logger
from runtime.metrics import count
from runtime.settings import read_number, settings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.circuit_breaker.persistence import (
        CircuitBreakerPersistenceLayer,
    )

RECOVERY_SECONDS = 30


class _Tripped(Dead):
    """A failure that opens the circuit, or keeps it open."""


class Breaker:
    """Lets calls through to the provider while it answers.

    Parameters
    ----------
    circuit
        The state that all instances share.
    recovery_seconds
        How long it is left alone before one call tries.
    """

    def __init__(self, circuit: Circuit, recovery_seconds: int = RECOVERY_SECONDS) -> None:
        self._circuit = circuit
        self._guarded: Callable[[Request], Answer] = circuit_breaker(
            name=NAME,
            # It has the methods, but not the base class, whose package imports boto3.
            persistence_store=cast("CircuitBreakerPersistenceLayer", circuit),
            on_transition=_tell,
            config=CircuitBreakerConfig(
                failure_threshold=1,  # the circuit counts
                success_threshold=1,  # the next call comes to another instance
                recovery_timeout=recovery_seconds,
                handled_exceptions=_Tripped,
            ),
        )(self._counted)

    @classmethod
    def connect(cls) -> "Breaker":
        """Return the breaker in the service's table; ``PAYMENTS_RECOVERY_SECONDS`` may be set."""
        seconds, variable = RECOVERY_SECONDS, "PAYMENTS_RECOVERY_SECONDS"
        if variable in os.environ:
            seconds = read_number(variable, least=1, most=9_999)
        return cls(Circuit(client("dynamodb"), settings.table_name), seconds)

    def call(self, request: Request) -> Answer:
        """Make a call to the provider, unless it is in trouble.

        Raises
        ------
        ProviderLeftAlone
            It is: nothing was sent.
        Dead
            Of the call itself.
        """
        try:
            return self._guarded(request)
        except CircuitBreakerOpenError:
            count("BreakerRefusals", breaker=NAME)
            raise ProviderLeftAlone("the payment provider is left alone for a while") from None

    def _counted(self, request: Request) -> Answer:
        try:
            answer = request()
        except Dead as failure:
            if self._circuit.failed():
                raise _Tripped(str(failure)) from None
            raise
        self._circuit.answered()
        return answer


def _tell(transition: CircuitTransition) -> None:
    metric = {
        CircuitState.OPEN: "BreakerOpened",
        CircuitState.HALF_OPEN: "BreakerProbes",
        CircuitState.CLOSED: "BreakerClosed",
    }[transition.to_state]
    logger.warning("circuit breaker", breaker=NAME, state=transition.to_state.value)
    count(metric, breaker=NAME)
