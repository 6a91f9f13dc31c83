"""All routes, one line an app."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from ofmemory.infra.observability import health, scrape

urlpatterns = [
    path("api/", include("memory.api.urls")),
    path("api/", include("calibration.api.urls")),
    path("api/auth/", include("accounts.api.urls")),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("metrics", scrape.metrics),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("admin/second-factor/", include("accounts.pages.urls")),
    path("admin/", admin.site.urls),
    # There is no console yet: people start in the admin.
    path("", RedirectView.as_view(url="/admin/")),
]

handler400 = "ofmemory.infra.drf.bad_request"
handler403 = "ofmemory.infra.drf.permission_denied"
handler404 = "ofmemory.infra.drf.not_found"
handler500 = "ofmemory.infra.drf.server_error"
