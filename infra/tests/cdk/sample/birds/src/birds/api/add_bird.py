from typing import Annotated

from pydantic import Field

from runtime.endpoint import endpoint
from runtime.messages import Body, Request, View


class NewBird(Body):
    name: Annotated[str, Field(min_length=1, max_length=20)]
    wings: Annotated[int, Field(gt=0)] = 2


class BirdView(View):
    name: str


def add_bird(request: Request[NewBird]) -> BirdView:
    return BirdView(name=request.body.name)


handler = endpoint("POST", "/birds", add_bird, status=201, role="admin", idempotent=True)
