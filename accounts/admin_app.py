from django.contrib.admin.apps import AdminConfig


class TwoLockAdmin(AdminConfig):
    """Django's admin on our site."""

    default_site = "accounts.admin_site.Site"
