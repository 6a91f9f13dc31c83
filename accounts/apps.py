from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import checks  # noqa: F401
        from accounts.api import schema  # noqa: F401
        from accounts.receivers import grant_views

        post_migrate.connect(grant_views, dispatch_uid="accounts.grant_views")
