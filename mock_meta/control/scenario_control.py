"""``/_control/scenario``: a schedule of events in TOML, started, watched and ended at any moment."""

from typing import Any

from fastapi import APIRouter, Request

from mock_meta.control.bodies import mock_of, raw_body
from mock_meta.control.errors import ControlError
from mock_meta.control.scenario_file import read_scenario, set_up
from mock_meta.control.scenario_player import Player

router = APIRouter(prefix="/scenario")


def player_of(request: Request) -> Player:
    player = request.app.state.player
    assert isinstance(player, Player)
    return player


@router.post("")
async def start(request: Request) -> dict[str, Any]:
    try:
        text = (await raw_body(request)).decode()
    except UnicodeDecodeError as problem:
        raise ControlError("the body is not TOML: it is not UTF-8") from problem
    scenario = read_scenario(text)
    set_up(mock_of(request), scenario)
    player = player_of(request)
    await player.start(scenario)
    return player.shown()


@router.get("")
async def show(request: Request) -> dict[str, Any]:
    return player_of(request).shown()


@router.delete("")
async def stop(request: Request) -> dict[str, Any]:
    player = player_of(request)
    await player.stop()
    return player.shown()
