"""What doctor asks about people and their accounts."""

from collections.abc import Iterator

from django.apps import apps
from django.conf import settings

from accounts.models import ApiKey, User
from ofmemory.infra.diagnosis.findings import Finding, examines, fail, ok, warn


@examines("demo accounts", needs=["migrations"])
def demo_accounts() -> Iterator[Finding]:
    count = User.objects.filter(is_demo=True).count() + ApiKey.objects.filter(is_demo=True).count()
    if count == 0:
        yield ok("there are none")
    elif settings.DEMO_ENABLED:
        yield ok(f"{count} demo users and keys, as `make run` makes them")
    else:
        yield fail(
            f"{count} demo users and keys are in the database of production",
            "Their password is published. They can't log in here, but they show that demo data was loaded.",
            "Use a database of its own, or delete the demo users, keys and creators in the admin.",
        )


@examines("second factors", needs=["migrations"])
def second_factors() -> Iterator[Finding]:
    """Of people who see the admin."""
    staff = User.objects.filter(is_staff=True, is_active=True, is_demo=False)
    if not apps.is_installed("allauth.mfa"):
        return
    held = apps.get_model("mfa", "Authenticator")._default_manager.values("user_id")
    count, without = staff.count(), staff.exclude(pk__in=held).count()
    if count == 0:
        yield ok("there is no staff beside that of the demo")
    elif without:
        required = getattr(settings, "STAFF_2FA_REQUIRED", False)
        yield warn(
            f"{without} of {count} staff have no second factor",
            "They have to set one up at their next login."
            if required
            else "Who gets hold of such a password is in the admin.",
            "Let them log in and set one up." if required else "STAFF_2FA_REQUIRED=true leads everybody to it.",
        )
    else:
        yield ok(f"all {count} staff have one")
