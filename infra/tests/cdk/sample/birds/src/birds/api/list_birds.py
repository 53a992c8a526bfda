from runtime.endpoint import endpoint
from runtime.messages import Listing, Page, Request, View


class BirdView(View):
    name: str


def list_birds(request: Request[None, Page]) -> Listing[BirdView]:
    return Listing(items=[BirdView(name=request.tenant)], next_cursor=None)


handler = endpoint("GET", "/birds", list_birds)
