"""Plays a scenario against the control that everybody else uses."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.types import ASGIApp

from mock_meta.control.scenario_file import CALLS, Scenario, Step

log = logging.getLogger("mock_meta.control.scenario_file")


@dataclass(slots=True)
class Progress:
    """What became of a step: ``done``, and what the control said against it."""

    step: Step
    done: bool = False
    problem: str | None = None

    def shown(self) -> dict[str, Any]:
        one = self.step
        return {"second": one.second, "for": one.lasts, one.name: one.body, "done": self.done, "problem": self.problem}


class Player:
    """At most one scenario at a time."""

    def __init__(self, control: ASGIApp) -> None:
        self._control = control
        self._progress: list[Progress] = []
        self._began: float | None = None
        self._task: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()

    @property
    def running(self) -> bool:
        return self._task is not None and not self._task.done()

    def shown(self) -> dict[str, Any]:
        second = None if self._began is None else round(time.monotonic() - self._began, 3)
        steps = [one.shown() for one in self._progress]
        return {"running": self.running, "second": second, "steps": steps}

    async def start(self, scenario: Scenario) -> None:
        """Set up now, then play in the background. Ends what was playing. The accounts are there already."""
        async with self._starting:
            await self.stop()
            opening = [Progress(step) for step in scenario.opening]
            async with self._client() as client:
                for one in opening:
                    await self._take(client, one)
            schedule = [Progress(step) for step in scenario.schedule]
            self._progress = opening + schedule
            self._began = time.monotonic()
            self._task = asyncio.get_running_loop().create_task(self._play(schedule, self._began))

    async def stop(self) -> None:
        """End the schedule; what it still holds up is taken back."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _play(self, schedule: list[Progress], began: float) -> None:
        async with self._client() as client, asyncio.TaskGroup() as group:
            for one in schedule:
                await asyncio.sleep(began + one.step.second - time.monotonic())
                group.create_task(self._take(client, one))

    async def _take(self, client: httpx.AsyncClient, one: Progress) -> None:
        step, call = one.step, CALLS[one.step.name]
        log.info("scenario, second %g: %s %s", step.second, step.name, step.body)
        try:
            answer = await _said(client, call.method, call.path, step.body)
            one.done = True
            if step.lasts is not None:
                await self._undo_after(client, step, answer)
        except httpx.HTTPStatusError as problem:
            one.problem = problem.response.json()["error"]
            log.warning("scenario, second %g: %s: %s", step.second, step.name, one.problem)

    async def _undo_after(self, client: httpx.AsyncClient, step: Step, answer: dict[str, Any]) -> None:
        try:
            await asyncio.sleep(step.lasts or 0.0)
        finally:
            log.info("scenario, second %g: %s is over", step.second + (step.lasts or 0.0), step.name)
            if step.name == "fault":
                await client.delete(f"faults/{answer['id']}")
            else:
                await client.put(CALLS[step.name].path, json={"paused": not step.body["paused"]})

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(app=self._control)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1/_control/") as client:
            yield client


async def _said(client: httpx.AsyncClient, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """The control's answer. Raises httpx.HTTPStatusError when it refuses."""
    answer = await client.request(method, path, json=body)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found
