"""What each role may do through the API."""

import pytest

from accounts.domain import Role, Scope
from tests.accounts.services.test_keys import CALLS
from tests.conftest import PASSWORD, Api

MAY = {
    Role.CREATOR: {"memory:read", "memory:write", "memory:erase", "memory:export", "stats:read"},
    Role.ADMIN: {"memory:read", "memory:write", "memory:erase", "memory:export", "stats:read", "operations:read"},
    Role.CHATTER: {"memory:read", "memory:write", "stats:read"},
    Role.SUPPORT: {"stats:read", "operations:read"},
    Role.DPO: {"memory:erase", "memory:export", "stats:read"},
}


def test_every_role_is_listed():
    assert set(MAY) == set(Role)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("role", MAY)
def test_a_role_opens_its_calls_and_no_others(api, make_user, creator_1, service, role):
    make_user("dana", (creator_1, role))
    login = api.post("/api/auth/token", {"username": "dana", "password": PASSWORD}).json()
    dana = Api(login["data"]["accessToken"])
    service.say("fan-1")
    opened = {str(scope) for scope, call in CALLS.items() if dana(*call).status_code == 200}
    assert opened == MAY[role]
    if Scope.MEMORY_ERASE in MAY[role]:  # who was erased is only remembered after a new consent
        consent = {"fanId": "fan-1", "purpose": "memory", "action": "given", "method": "message"}
        assert service.post("/api/of-memory/consents", consent).status_code == 201
    service.say("fan-1")
    refused = {str(scope) for scope, call in CALLS.items() if dana(*call).status_code == 403}
    assert refused == {str(scope) for scope in CALLS} - MAY[role]
