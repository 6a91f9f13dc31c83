"""All routes, one line an app."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from ofmemory.infra.observability import health

urlpatterns = [
    path("api/", include("memory.api.urls")),
    path("api/", include("calibration.api.urls")),
    path("api/auth/", include("accounts.api.urls")),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("admin/", admin.site.urls),
    # There is no console yet: people start in the admin.
    path("", RedirectView.as_view(url="/admin/")),
]

handler400 = "ofmemory.infra.drf.bad_request"
handler403 = "ofmemory.infra.drf.permission_denied"
handler404 = "ofmemory.infra.drf.not_found"
handler500 = "ofmemory.infra.drf.server_error"
