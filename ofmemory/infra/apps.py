import stamina
from django.apps import AppConfig
from django.db.models.signals import pre_migrate


class InfraConfig(AppConfig):
    name = "ofmemory.infra"
    label = "infra"

    def ready(self) -> None:
        # Binds shared_task to our broker in every process, web included.
        import ofmemory.celery  # noqa: F401
        from ofmemory.infra import checks, diagnosis  # noqa: F401
        from ofmemory.infra.db import lift_statement_timeout
        from ofmemory.infra.observability import logs, machines, tasks
        from ofmemory.infra.resilience.policies import log_retry

        logs.through_standard_logging()
        machines.register()
        tasks.connect()

        names = ("environment", "databases", "caches", "workers", "machine")
        diagnosis.ask_too(*(f"{diagnosis.__name__}.{name}" for name in names))
        pre_migrate.connect(lift_statement_timeout)
        stamina.instrumentation.set_on_retry_hooks([log_retry])
