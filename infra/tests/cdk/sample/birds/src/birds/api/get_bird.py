from runtime.endpoint import endpoint
from runtime.messages import Request, View


class BirdView(View):
    name: str


def get_bird(request: Request[None]) -> BirdView:
    return BirdView(name=request.path["id"])


handler = endpoint("GET", "/birds/{id}", get_bird)
