"""People of the staff, each logged in."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import User


@pytest.fixture
def staff(db: None) -> Callable[..., Client]:
    def staff(username: str, group: str = "", **more: bool) -> Client:
        user = User.objects.create_user(username, password="pw", is_staff=True, **more)
        user.groups.set(Group.objects.filter(name=group))
        client = Client()
        client.force_login(user)
        client.user = user
        return client

    return staff


@pytest.fixture
def plain(staff: Callable[..., Client]) -> Client:
    return staff("plain")


@pytest.fixture
def support(staff: Callable[..., Client]) -> Client:
    return staff("sam", "Support")


@pytest.fixture
def dpo(staff: Callable[..., Client]) -> Client:
    return staff("dora", "DPO")


@pytest.fixture
def root(staff: Callable[..., Client]) -> Client:
    return staff("root", is_superuser=True)
