"""The pages of second factors. Nothing else of allauth is mounted; the names are those it looks for."""

from django.urls import path

from accounts.pages import views

urlpatterns = [
    path("", views.Factors.as_view(), name="mfa_index"),
    path("login/", views.ToLogin.as_view(), name="account_login"),
    path("code/", views.SecondStep.as_view(), name="mfa_authenticate"),
    path("confirm/password/", views.ConfirmByPassword.as_view(), name="account_reauthenticate"),
    path("confirm/code/", views.ConfirmByCode.as_view(), name="mfa_reauthenticate"),
    path("confirm/passkey/", views.ConfirmByPasskey.as_view(), name="mfa_reauthenticate_webauthn"),
    path("app/add/", views.AddApp.as_view(), name="mfa_activate_totp"),
    path("app/remove/", views.RemoveApp.as_view(), name="mfa_deactivate_totp"),
    path("passkey/add/", views.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path("passkey/<int:pk>/remove/", views.RemovePasskey.as_view(), name="mfa_remove_webauthn"),
    path("recovery-codes/", views.RecoveryCodes.as_view(), name="mfa_view_recovery_codes"),
    path("recovery-codes/new/", views.NewRecoveryCodes.as_view(), name="mfa_generate_recovery_codes"),
]
