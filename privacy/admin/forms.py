"""What people are asked on the pages. Times are in UTC, like everywhere."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.services.members import list_creator_ids
from privacy.admin.words import actor_named
from privacy.domain import ConsentAction, Purpose, RequestKind
from privacy.services.reveals import LEAST_REASON

_LONGEST_ID = 255


class Moment(forms.DateTimeField):
    """A date and time, by the browser's own widget."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class Day(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class Lines(forms.CharField):
    widget = forms.Textarea(attrs={"rows": 4})


def _choices(enum: Any) -> list[tuple[str, str]]:
    return [(member.value, member.value.replace("_", " ")) for member in enum]


def _fan(**more: Any) -> forms.CharField:
    # An id is kept as it is: a blank at its end is part of it.
    return forms.CharField(label="Fan", max_length=_LONGEST_ID, strip=False, help_text="The whole fan id.", **more)


class CreatorForm(forms.Form):
    creator_id = forms.CharField(label="Creator", max_length=_LONGEST_ID, help_text="The whole creator id.")

    def clean_creator_id(self) -> str:
        """A typing error here would protect, or forget, nobody."""
        creator_id: str = self.cleaned_data["creator_id"]
        if creator_id and creator_id not in list_creator_ids():
            raise ValidationError("There is no such creator.")
        return creator_id


class PairForm(CreatorForm):
    fan_id = _fan()


# ---- requests


class RequestForm(PairForm):
    kind = forms.ChoiceField(choices=_choices(RequestKind))
    received_at = Moment(
        label="Received at (UTC)", required=False, help_text="When the person asked. Empty: now. The clock starts then."
    )
    field_order = ("kind",)


class IdentityForm(forms.Form):
    method = forms.CharField(
        max_length=32, help_text="How it was made sure, such as: platform message, reply to known e-mail."
    )
    proof = forms.CharField(
        max_length=1000,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="The reference of the proof. Only a keyed digest of it is kept.",
    )


class DenialForm(forms.Form):
    reason = Lines(max_length=2000, help_text="The person is told (Art. 12(4)). Kept encrypted.")


class TypedFanForm(forms.Form):
    typed = forms.CharField(
        label="Type the fan id to confirm",
        max_length=_LONGEST_ID,
        strip=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, fan_id: str, data: Any = None) -> None:
        super().__init__(data)
        self._fan_id = fan_id

    def clean_typed(self) -> str:
        if self.cleaned_data["typed"] != self._fan_id:
            raise ValidationError("That is not the fan of this request. Nothing was done.")
        return self._fan_id


class BundleForm(forms.Form):
    bundle = forms.ChoiceField(
        choices=[
            ("art15", "Art. 15: everything, what was inferred included"),
            ("art20", "Art. 20: what was provided and observed"),
        ]
    )


class FanForm(forms.Form):
    fan_id = _fan()


# ---- what fans decide


class ConsentForm(PairForm):
    purpose = forms.ChoiceField(choices=_choices(Purpose))
    action = forms.ChoiceField(choices=_choices(ConsentAction))
    method = forms.CharField(max_length=32, help_text="How it was expressed: checkbox, message, letter, ...")
    notice_version = forms.CharField(
        max_length=32, required=False, help_text="What the fan had been shown; must have been published here."
    )
    language = forms.CharField(label="Notice language", max_length=16, required=False)
    expressed_at = Moment(label="Expressed at (UTC)", required=False, help_text="Empty: now.")


class NoticeForm(CreatorForm):
    version = forms.CharField(max_length=32)
    language = forms.CharField(max_length=16, help_text="BCP 47, such as en or fr-CA.")
    text = forms.CharField(widget=forms.Textarea(attrs={"rows": 14}), max_length=100_000, strip=False)


RESTRICT, UNRESTRICT, OBJECT, WITHDRAW = "restrict", "unrestrict", "object", "withdraw"


class ChoiceForm(PairForm):
    choice = forms.ChoiceField(
        choices=[
            (RESTRICT, "restrict processing (Art. 18)"),
            (UNRESTRICT, "end the restriction"),
            (OBJECT, "object to profiling (Art. 21)"),
            (WITHDRAW, "withdraw the objection"),
        ]
    )
    reason = Lines(required=False, max_length=2000, help_text="What the fan says. Kept encrypted.")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("choice") in (RESTRICT, OBJECT) and not given.get("reason"):
            self.add_error("reason", "A restriction or an objection needs its reason.")
        return given


class HoldForm(CreatorForm):
    fan_id = _fan(required=False)
    matter = Lines(max_length=4000, help_text="What it is about. Kept encrypted.")
    ground = forms.CharField(max_length=64, initial="Art. 17(3)(e)")
    review_on = Day(label="Review on", help_text="The day somebody must look whether it is still needed.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["fan_id"].help_text = "The whole fan id. Empty: all fans of the creator."


class ReasonForm(forms.Form):
    reason = Lines(
        min_length=LEAST_REASON,
        max_length=2000,
        help_text=f"At least {LEAST_REASON} characters; the officer reads it. Kept encrypted.",
    )


# ---- the audit log


class _ByActorForm(forms.Form):
    actor = forms.CharField(
        max_length=150, required=False, help_text="A user's name, or user:<id>, key:<id>, system:<what>."
    )

    def clean_actor(self) -> str:
        try:
            return actor_named(self.cleaned_data["actor"])
        except LookupError as error:
            raise ValidationError("Nobody has that name.") from error


class SearchForm(_ByActorForm):
    creator_id = forms.CharField(label="Creator", max_length=_LONGEST_ID, required=False)
    fan_id = forms.CharField(label="Fan", max_length=_LONGEST_ID, required=False, strip=False)
    action = forms.CharField(max_length=48, required=False, help_text="Such as erasure.completed.")
    since = Moment(label="Since (UTC)", required=False)
    until = Moment(label="Until (UTC)", required=False)
    field_order = ("creator_id", "fan_id", "actor")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("fan_id") and not given.get("creator_id"):
            self.add_error("creator_id", "A fan is a fan of a creator.")
        return given


class BreachForm(_ByActorForm):
    creator_id = forms.CharField(label="Creator", max_length=_LONGEST_ID, required=False)
    since = Moment(label="Since (UTC)")
    until = Moment(label="Until (UTC)")
    by_name = forms.BooleanField(
        label="Name the fans",
        required=False,
        help_text="Else by handle alone. With millions of fans this takes a minute.",
    )


class VerifyForm(forms.Form):
    last = forms.TypedChoiceField(
        label="Verify",
        coerce=int,
        choices=[(1000, "the last 1,000 entries"), (100_000, "the last 100,000 entries"), (0, "all entries")],
    )
