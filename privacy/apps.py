from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PrivacyConfig(AppConfig):
    name = "privacy"

    def ready(self) -> None:
        from ofmemory.infra.observability.health import CHECKS
        from privacy import checks, checks_registry, personal_data  # noqa: F401
        from privacy.keys import keyring
        from privacy.receivers import grant_privacy
        from privacy.services import audit, replaying

        keyring.on_use(audit.note_key_use)
        CHECKS["erasures"] = replaying.is_current
        post_migrate.connect(grant_privacy, dispatch_uid="privacy.grant_privacy")
