"""The read floor: the least a Django application can do to answer a context from Redis.

No middleware, one URL, one GET of the bytes of a real context. What the product adds to it (rights, limits, the lease,
headers) is the distance between the two.
"""

import django
import redis
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path

from bench.floor_address import KEY, PATH, redis_url
from ofmemory.settings import env

settings.configure(ROOT_URLCONF="bench.floor", ALLOWED_HOSTS=["127.0.0.1"], MIDDLEWARE=[], INSTALLED_APPS=[])
django.setup()
_client = redis.Redis.from_url(redis_url(env.REDIS_URL))


def floor(_request: HttpRequest) -> HttpResponse:
    body: bytes = _client.get(KEY) or b""  # type: ignore[assignment]  # we ask for no decoding
    return HttpResponse(body, content_type="application/json", headers={"Content-Length": str(len(body))})


urlpatterns = [path(PATH.removeprefix("/"), floor)]
application = WSGIHandler()
