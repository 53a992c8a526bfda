from runtime.capacity import Capacity
from runtime.schedule import Input, schedule


def migrate(_asked: Input) -> None:
    return None


handler = schedule("cron(0 6 1 10 ? *)", migrate, capacity=Capacity(seconds=120, memory=768))
