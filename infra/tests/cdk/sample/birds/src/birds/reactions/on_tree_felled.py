from contracts.reader import Reader
from runtime.reaction import Event, reaction


class Felled(Reader, source="starling.trees", event="TreeFelled.v1"):
    tree_id: str


def leave(event: Event[Felled]) -> None:
    del event


handler = reaction(leave, fact=True)
