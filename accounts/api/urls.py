from django.urls import path

from accounts.api import views

urlpatterns = [
    path("token", views.TokenView.as_view()),
    path("token/refresh", views.RefreshView.as_view()),
    path("token/revoke", views.RevokeView.as_view()),
]
