from django.urls import path

from memory.api import circuits, consents, of_memory, onlyfans

urlpatterns = [
    path("of-memory/context", of_memory.ContextView.as_view()),
    path("of-memory/interaction", of_memory.InteractionView.as_view()),
    path("of-memory/engagement-score", of_memory.EngagementScoreView.as_view()),
    path("of-memory/bulk", of_memory.BulkView.as_view()),
    path("of-memory/clear", of_memory.ClearView.as_view()),
    path("of-memory/preferences", of_memory.PreferencesView.as_view()),
    path("of-memory/preferences/bulk", of_memory.BulkPreferencesView.as_view()),
    path("of-memory/personality", of_memory.PersonalityView.as_view()),
    path("of-memory/personality/history", of_memory.PersonalityHistoryView.as_view()),
    path("of-memory/messages", of_memory.MessagesView.as_view()),
    path("of-memory/stats", of_memory.StatsView.as_view()),
    path("of-memory/consents", consents.ConsentsView.as_view()),
    path("of-memory/export", of_memory.ExportView.as_view()),
    path("of-memory/health/circuits", circuits.CircuitsView.as_view()),
    # Before the routes with a fan: a fan whose id is "stats" is reached through the other family.
    path("onlyfans/memory/stats", onlyfans.StatsView.as_view()),
    path("onlyfans/memory/<str:fan_id>", onlyfans.FanMemoryView.as_view()),
    path("onlyfans/memory/<str:fan_id>/preferences", onlyfans.FanPreferencesView.as_view()),
    path("onlyfans/memory/<str:fan_id>/messages", onlyfans.FanMessagesView.as_view()),
    path("onlyfans/memory/<str:fan_id>/export", onlyfans.FanExportView.as_view()),
]
