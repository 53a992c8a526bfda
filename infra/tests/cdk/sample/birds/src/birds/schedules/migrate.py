from runtime.schedule import schedule


def migrate() -> None:
    return None


handler = schedule("cron(0 6 1 10 ? *)", migrate)
