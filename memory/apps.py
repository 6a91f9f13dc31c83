from django.apps import AppConfig


class MemoryConfig(AppConfig):
    name = "memory"

    def ready(self) -> None:
        from memory import metrics, personal_data  # noqa: F401
        from memory.store import MemoryStore
        from privacy.registry import set_store

        set_store(MemoryStore())
        metrics.register()
