from django.apps import AppConfig
from django.db.models.signals import pre_migrate


class InfraConfig(AppConfig):
    name = "ofmemory.infra"
    label = "infra"

    def ready(self) -> None:
        # Binds shared_task to our broker in every process, web included.
        import ofmemory.celery  # noqa: F401
        from ofmemory.infra import checks  # noqa: F401
        from ofmemory.infra.db import lift_statement_timeout

        pre_migrate.connect(lift_statement_timeout)
