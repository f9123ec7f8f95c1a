"""An automation rehearsed: its steps done for one record in a copy, which is thrown away."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock
from typing import Any

from structlog.contextvars import bound_contextvars

from channels.outbound import make_outbound, signing_keys
from channels.signing import new_secret
from conditions.times import Micros, to_iso
from engine.published import PublishedCache
from engine.rehearsal.entering import Given, enter
from engine.rehearsal.scene import Scene
from engine.rehearsal.walking import Walk
from services.foresight.rehearsal import sending
from services.foresight.rehearsal.answers import (
    Rehearsal,
    RehearsedStep,
    Unreached,
)
from services.foresight.rehearsal.outgoing import AnySecret, of_workers
from services.foresight.rehearsal.reading import Basis, named_in, version_of
from services.foresight.rehearsal.request import RehearseRequest, read_request, taken_ways
from services.foresight.rehearsal.telling import Teller
from services.foresight.rehearsal.verdicts import LONGEST, assumptions, besides, end_of, trigger_of
from services.intake.events import properties_text
from services.resources import Conflict, Resources
from store import meta
from store.connection import Connection
from store.follow_ups.webhooks import SIGNING
from store.foresight.copies import Copy, one_moment
from store.operations import status


class Rehearsals:
    """Rehearses automations. Nothing is written, and nothing leaves but tests to the address that asked for them."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._published = PublishedCache(resources.settings.loop_limit)
        #: One at a time in a process: what computes leaves everybody else little of the interpreter.
        self._turn = Lock()

    def rehearse(self, key: str, body: Any) -> Rehearsal:
        """Every step in order, with what it would do to this record, up to the end of the follow-up."""
        request = read_request(body)
        given = Given(request.event, properties_text(request.properties)) if request.event else None
        now = self._resources.clock()
        with self._resources.database.read() as connection:
            one_moment(connection)
            read = self._read(connection, key, request, now)
        outbound = make_outbound(self._resources.settings, read.secret or new_secret())
        if request.send_to is not None and outbound.mailer is None:
            raise Conflict(
                f"nothing can be sent to {request.send_to}: {outbound.no_mail}; leave send_to out to look only"
            )
        with self._in_turn(), bound_contextvars(rehearsal=key), read.copy.opened() as connection:
            teller = self._teller(read)
            scene = Scene(
                connection,
                read.published,
                teller.outbound,
                read.contact["shard"],
                now,
                scored=read.copy.has_history,
            )
            rehearsal = _rehearsed(scene, read, given, teller)
        if request.send_to is not None:
            about = f"{key} for {read.contact['key']}"
            rehearsal.tests = sending.send(outbound, request.send_to, rehearsal.steps, about)
        return rehearsal

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=LONGEST):
            raise Conflict("other rehearsals are under way, and take long; try again in a while")
        try:
            yield
        finally:
            self._turn.release()

    def _read(self, connection: Connection, key: str, request: RehearseRequest, now: Micros) -> Basis:
        of, version = version_of(connection, key, request)
        named, contact, deal = named_in(connection, version.automation, request)
        return Basis(
            of,
            version,
            named,
            contact=contact,
            deal=deal,
            takes=taken_ways(version.automation, request.take),
            published=self._published.read(connection),
            secret=meta.get_fact(connection, SIGNING),
            workers=[worker["no_mail"] for worker in status.workers(connection, now - status.GONE_AFTER)],
            copy=Copy(connection, contact, now),
        )

    def _teller(self, read: Basis) -> Teller:
        """Who tells what would leave from the workers, as far as this process is told."""
        settings = self._resources.settings
        outbound = of_workers(make_outbound(settings, read.secret or new_secret()), read.workers)
        keys = signing_keys(settings, read.secret or "") if read.secret or settings.webhook_secret else []
        knows = settings.secrets_file is not None or outbound.log_only
        return Teller(
            outbound if knows else replace(outbound, secrets=AnySecret()), keys, knows_secrets=knows
        )


def _rehearsed(scene: Scene, read: Basis, given: Given | None, teller: Teller) -> Rehearsal:
    begins_at, automation = scene.now, read.version.automation
    entered = enter(scene, read.version, read.named, given)
    walk = Walk(scene, automation, entered.enrollment_id, read.takes)
    steps: list[RehearsedStep] = []
    until = time.monotonic() + LONGEST
    for tried in walk.steps():
        steps.append(teller.step(tried))
        if walk.left and walk.ended is None and time.monotonic() > until:
            break
    return Rehearsal(
        automation=automation.key,
        of=read.of,
        version=read.version.number if read.of == "published" else None,
        contact=read.contact["key"],
        deal=read.deal["key"] if read.deal is not None else None,
        event=given.type if given is not None else None,
        begins_at=to_iso(begins_at),
        trigger=trigger_of(read, entered, given),
        steps=steps,
        end=end_of(scene, walk.ended),
        unreached=[Unreached(path=stop.path, title=stop.step.title) for stop in walk.left],
        besides=besides(scene, read.version, entered, steps),
        assumptions=assumptions(scene, read, entered, teller, steps),
    )
