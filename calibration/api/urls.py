from django.urls import path

from calibration.api import views

urlpatterns = [
    path("of-memory/analyze", views.AnalyzeView.as_view()),
    path("of-memory/emotional-state", views.EmotionalStateView.as_view()),
    path("of-memory/disengagement", views.DisengagementView.as_view()),
    path("of-memory/preferences/predicted", views.PredictedPreferencesView.as_view()),
    path("of-memory/recommendations", views.RecommendationsView.as_view()),
    path("of-memory/response-style", views.ResponseStyleView.as_view()),
    path("of-memory/calibrate", views.CalibrateView.as_view()),
    path("of-memory/personality/lock", views.LockView.as_view()),
    path("of-memory/personality/rollback", views.RollbackView.as_view()),
    path("of-memory/feedback", views.FeedbackView.as_view()),
    path("of-memory/escalations", views.EscalationsView.as_view()),
    path("of-memory/escalations/clear", views.ClearEscalationView.as_view()),
    path("of-memory/tones", views.TonesView.as_view()),
]
