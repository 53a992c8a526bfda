"""The picture's part of the journey: uploaded, looked at three times over, found, and shown."""

from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any

import httpx

from infra.journey_steps import Caller, expect, expect_status, json_of, until

SENT = {200, 201, 204}
"""What S3 answers to a form."""

WORDS = ("TRAIL", "RUNNER")
"""What is written in the picture."""

_SECONDS = 90.0  # the model is slow on a laptop whose processors are busy
_WEBP = b"RIFF"


class Picture:
    """A product's picture.

    Parameters
    ----------
    caller
        Who uploads it.
    hop
        Told of each step: which service, and what happened.
    """

    def __init__(self, caller: Caller, hop: Callable[[str, str], None]) -> None:
        self._caller = caller
        self._hop = hop
        self._bytes = resources.files("infra").joinpath("trail-runner.jpg").read_bytes()

    def upload(self, sku: str) -> str:
        """Ask for an upload and send the picture; return its id."""
        body = {
            "filename": "trail runner.jpg",
            "content_type": "image/jpeg",
            "size": len(self._bytes),
            "purpose": "product",
            "subject": sku,
        }
        asked = json_of(self._caller.send("POST", "media", "/media", json=body), 201)
        sent = send(self._caller.http, asked["upload"], self._bytes)
        expect(sent.status_code in SENT, f"the bucket answered {sent.status_code} {sent.text}")
        media_id = str(asked["id"])
        self._hop("media", f"picture {media_id} of {sku} uploaded: {len(self._bytes):,} bytes")
        return media_id

    def ready(self, media_id: str) -> dict[str, Any]:
        """Wait until all three have looked at it; return it."""
        picture = until(
            f"picture {media_id} was ready",
            lambda: json_of(self._caller.send("GET", "media", f"/media/{media_id}"), 200),
            lambda seen: seen["status"] != "processing" and seen["status"] != "awaiting_upload",
            seconds=_SECONDS,
        )
        expect(picture["status"] == "ready", f"the picture is {picture['status']}")
        expect(not picture["missing"], f"nobody waited for {picture['missing']}")
        read = " ".join(picture["texts"]).upper()
        expect(all(word in read for word in WORDS), f"the words that were read: {read!r}")
        widths = ", ".join(str(one["width"]) for one in picture["renditions"])
        colors = ", ".join(picture["metadata"]["colors"])
        self._hop("media", f"ready: copies {widths} px wide; colours {colors}; reads {read!r}")
        return picture

    def opens(self, picture: Mapping[str, Any]) -> None:
        """Open every copy by its link."""
        expect(bool(picture["renditions"]), "there are no copies")
        for one in picture["renditions"]:
            shown = self._caller.http.get(one["url"])
            expect_status(shown, 200)
            expect(shown.content.startswith(_WEBP), f"the copy of {one['width']} px is no WebP")
        self._hop("media", f"its {len(picture['renditions'])} copies open")

    def on_product(self, sku: str, media_id: str) -> None:
        """Wait until the product shows it."""
        until(
            f"product {sku} showed picture {media_id}",
            lambda: json_of(self._caller.product(sku), 200),
            lambda product: (product.get("picture") or {}).get("media_id") == media_id,
        )
        self._hop("orders", f"product {sku} shows the picture")


def send(http: httpx.Client, form: Mapping[str, Any], data: bytes) -> httpx.Response:
    """Send an upload's bytes with the form that was answered."""
    return http.post(form["url"], data=form["fields"], files={"file": data}, timeout=_SECONDS)
