from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from allauth.mfa import signals

        from accounts import checks  # noqa: F401
        from accounts.api import schema  # noqa: F401
        from accounts.pages import standing
        from accounts.receivers import grant_views
        from ofmemory.infra.diagnosis import ask_too

        signals.authenticator_used.connect(standing.on_used, dispatch_uid="accounts.on_used")
        signals.authenticator_added.connect(standing.on_added, dispatch_uid="accounts.on_added")
        ask_too("accounts.diagnosis")
        post_migrate.connect(grant_views, dispatch_uid="accounts.grant_views")
