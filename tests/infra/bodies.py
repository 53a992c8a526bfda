"""Bodies that endpoints take; one that takes a body has to have an example here."""

from typing import Any

_USER = "usr_01JZ0000000000000000000000"
_LINE = {"sku": "TEA-1", "quantity": 2}

BODIES: dict[str, list[dict[str, Any]]] = {
    "users.api.create_user.handler": [{"name": "Ada Lovelace", "email": "ada@example.com"}],
    "users.api.update_user.handler": [{"name": "Ada King", "email": "king@example.com"}],
    "media.api.create_media.handler": [
        {"filename": "a.jpg", "content_type": "image/jpeg", "size": 9, "purpose": "product"}
    ],
    "orders.api.put_product.handler": [
        {"name": "Tea", "price": {"amount": 1999, "currency": "EUR"}, "stock": 10}
    ],
    "orders.api.place_order.handler": [
        {"customer_id": _USER, "items": [_LINE]},
        {
            "customer_id": _USER,
            "items": [_LINE, {"sku": "MUG-1", "quantity": 1}],
            "type": "EXPRESS",
            "payment_method": "pm_card_visa",
        },
    ],
}
