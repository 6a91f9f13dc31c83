"""Which table lies in which database."""

from typing import Any

from django.db import models

KEYS_ALIAS = "keys"
_KEYS_TABLES = {"datakey", "servicekey", "erasure"}


class KeysRouter:
    """The tables of keys lie in the keys database, all others in the main one."""

    def db_for_read(self, model: type[models.Model], **_: Any) -> str | None:
        return KEYS_ALIAS if _is_keys(model._meta.app_label, model._meta.model_name) else None

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **_: Any) -> bool:
        return _is_keys(app_label, model_name) == (db == KEYS_ALIAS)


def _is_keys(app_label: str, model_name: str | None) -> bool:
    return app_label == "privacy" and model_name in _KEYS_TABLES
