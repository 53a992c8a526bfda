"""Bodies that endpoints take: their examples, and others at their bounds."""

from collections.abc import Iterator
from typing import Any

from infra.discovery import Declared, Service, declared, routes, services
from infra.openapi.examples import Examples
from runtime.endpoint import Endpoint

_LINE = {"sku": "TEA-1", "quantity": 2}
_ORDER = {"customer_id": "usr_01JZ0000000000000000000000", "items": [_LINE]}
_MORE: dict[str, list[dict[str, Any]]] = {
    "orders.api.place_order.handler": [
        {**_ORDER, "items": [_LINE, {"sku": "MUG-1", "quantity": 1}], "type": "EXPRESS"},
    ],
    "orders.api.place_orders.route": [{"orders": [{**_ORDER, "type": "EXPRESS"}] * 10}],
}


def _found() -> Iterator[tuple[Service, Declared[Any]]]:
    for service in services():
        for function in declared(service, "api", Endpoint):
            yield service, function
        for route in routes(service):
            yield service, route


BODIES: dict[str, list[dict[str, Any]]] = {
    found.handler: [*examples, *_MORE.get(found.handler, ())]
    for service, found in _found()
    if (examples := Examples(service).of(found.name).requests.values())
}
