import pytest
from django.test import Client

from accounts.models import User
from tests.conftest import PASSWORD


@pytest.fixture
def sam(db: None) -> User:
    """Staff, superuser: may see every page."""
    return User.objects.create_superuser("sam", password=PASSWORD)


@pytest.fixture
def browser() -> Client:
    return Client()
