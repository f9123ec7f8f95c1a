"""Conditions, triggers and rules as sentences in the reader's language."""

from collections.abc import Mapping
from typing import Any

from automations.model import Automation
from conditions.activity import activity_of
from conditions.operands import operand_field
from conditions.operators import OPERATORS, Operator
from conditions.tree import NESTED, leaves
from console.language import Speech
from scoring.profile import Rule


class Sentences:
    """Says what documents ask for."""

    def __init__(self, speech: Speech) -> None:
        self._speech = speech
        self._ = speech.gettext

    def conditions(self, raw: Mapping[str, Any]) -> str:
        """The tree: "score is at least 50 and contact tags has partner"; empty, "always"."""
        return self._joined(raw, every=True) or self._("always")

    def _joined(self, raw: Mapping[str, Any], *, every: bool) -> str:
        _ = self._
        parts: list[str] = []
        for key, part in raw.items():
            if key == "not":
                parts.append(_("not (%s)") % self.conditions(part))
            elif key in NESTED:
                inner = [self._grouped(condition) for condition in part]
                joint = _("and") if key == "all" else _("or")
                text = f" {joint} ".join(inner)
                parts.append(text if len(part) == 1 or len(raw) == 1 else f"({text})")
            else:
                parts += [self._test(key, OPERATORS[name], operand) for name, operand in part.items()]
        return f" {_('and') if every else _('or')} ".join(parts)

    def _grouped(self, raw: Mapping[str, Any]) -> str:
        text = self.conditions(raw)
        return f"({text})" if len(list(leaves(raw))) > 1 else text

    def _test(self, field: str, row: Operator, operand: Any) -> str:
        words = self.field(field)
        if row.emptiness is not None:
            empty = operand is row.emptiness
            return (self._("%s is empty") if empty else self._("%s is not empty")) % words
        other = operand_field(operand)
        value = row.operand.words(operand) if other is None else self.field(other)
        return f"{words} {self.operator(row)} {value}"

    def operator(self, row: Operator) -> str:
        """What an operator is called."""
        _ = self._
        return {
            "equal": _("is"),
            "not_equal": _("is not"),
            "greater": _("is greater than"),
            "greater_or_equal": _("is at least"),
            "less": _("is less than"),
            "less_or_equal": _("is at most"),
            "contains": _("contains"),
            "starts_with": _("starts with"),
            "has": _("has"),
            "one_of": _("is one of"),
            "older_than": _("is older than"),
        }.get(row.name, row.label)

    def field(self, name: str) -> str:
        """What a field is called."""
        _ = self._
        if (activity := activity_of(name)) is not None:
            return activity.words
        owner, _dot, rest = name.partition(".")
        if rest and owner in ("scores", "bands"):
            return (_("%s score") if owner == "scores" else _("%s band")) % rest
        if not rest:
            return {"score": _("score"), "band": _("band")}.get(name, name.replace("_", " "))
        owners = {"contact": _("contact"), "deal": _("deal"), "event": _("event"), "score": _("score")}
        names = {"stage": _("stage"), "owner": _("owner"), "tags": _("tags"), "name": _("name")}
        return f"{owners.get(owner, owner)} {names.get(rest, rest.replace('_', ' ').replace('.', ' '))}"

    def trigger(self, automation: Automation) -> str:
        """When an automation begins: "When purchases changes and score is at least 50"."""
        _, trigger = self._, automation.trigger
        if trigger.profile is not None:
            begin = _("When %s changes") % trigger.profile
        else:
            begin = _("When %s happens") % (trigger.event or "")
        asked = [self.conditions(part) for part in (trigger.where, trigger.filters) if part]
        return f" {_('and')} ".join([begin, *asked])

    def guards(self, automation: Automation) -> list[str]:
        """How often it may begin."""
        _, trigger = self._, automation.trigger
        said = [
            _("begins when it comes to match")
            if trigger.fires == "on_entry"
            else _("begins on every change that matches")
        ]
        if trigger.reentry == "once":
            said.append(_("once for everybody"))
        elif not isinstance(trigger.reentry, str):
            said.append(_("again after %s") % trigger.reentry.after)
        if trigger.while_running == "skip":
            said.append(_("not while one runs"))
        elif trigger.while_running == "replace":
            said.append(_("in place of one that runs"))
        if trigger.rearm is not None:
            said.append(_("armed again when %s") % self.conditions(trigger.rearm.conditions))
        return said

    def rule(self, rule: Rule) -> str:
        """When a rule gives its points."""
        _ = self._
        if rule.on is not None:
            said = _("for every %s") % rule.on
            if rule.where:
                said += " " + _("where %s") % self.conditions(rule.where)
        elif rule.while_ is not None:
            said = _("while %s") % self.conditions(rule.while_)
        else:
            said = _("after %s of silence") % (rule.after_silence or "")
        return said

    def bounds(self, rule: Rule) -> list[str]:
        """What bounds the points of a rule."""
        _ = self._
        said = []
        if rule.expires_after is not None:
            said.append(_("each for %s") % rule.expires_after)
        if rule.decay is not None:
            said.append(
                _("losing %(percent)s %% every %(every)s")
                % {"percent": rule.decay.percent, "every": rule.decay.every}
            )
        if rule.limit is not None:
            windows = {"day": _("a day"), "week": _("a week"), "month": _("a month"), "ever": _("ever")}
            said.append(
                _("at most %(times)s %(window)s")
                % {"times": rule.limit.times, "window": windows[rule.limit.per]}
            )
        if rule.group is not None:
            said.append(_("in the group %s") % rule.group)
        return said
