from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PrivacyConfig(AppConfig):
    name = "privacy"

    def ready(self) -> None:
        from accounts.events import account_event
        from accounts.sealing import set_sealer
        from ofmemory.infra.diagnosis import ask_too
        from ofmemory.infra.observability.health import CHECKS
        from privacy import checks, checks_registry, metrics, personal_data  # noqa: F401
        from privacy.keys import keyring
        from privacy.keys.service_sealing import ServiceSealer
        from privacy.receivers import grant_privacy, record_account_event
        from privacy.services import audit, replaying

        keyring.on_use(audit.note_key_use)
        metrics.register()
        set_sealer(ServiceSealer("second-factors"))
        account_event.connect(record_account_event, dispatch_uid="privacy.record_account_event")
        CHECKS["erasures"] = replaying.is_current
        ask_too("privacy.diagnosis")
        post_migrate.connect(grant_privacy, dispatch_uid="privacy.grant_privacy")
