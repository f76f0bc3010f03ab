"""The same figures for programs: `/api/v1`, described at `/openapi.json`. Read-only; nothing here has a side effect."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

import pyarrow as pa
from fastapi import APIRouter, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel

from zipotify.contracts.answers import Answer, of_records, parquet_bytes
from zipotify.contracts.metrics import Metric, metrics
from zipotify.contracts.serving_metrics import render
from zipotify.dashboard.board import Board
from zipotify.dashboard.catalogue import Catalogue
from zipotify.dashboard.filters import DEFAULT_PERIOD, FilterError, Filters, parse
from zipotify.dashboard.pages import TILES
from zipotify.dashboard.pages.behind import BEHIND
from zipotify.dashboard.prometheus import exposition
from zipotify.dashboard.sandbox import EXPORT_ROW_LIMIT, run_sql, run_sql_to_parquet
from zipotify.dashboard.ticker import Ticker
from zipotify.dashboard.views import NotComputedError, TooFewPeopleError, Views
from zipotify.errors import ForbiddenError, QueryError, ZipotifyError
from zipotify.settings import Settings

_PARQUET = "application/vnd.apache.parquet"
Form = Literal["json", "csv", "parquet"]
_PERIOD_FORMS = "today, 7d, 28d, 90d, all, or two days as in 2018-11-01..2018-11-15"


class TileInfo(BaseModel):
    """What a tile is."""

    id: str
    title: str
    unit: str
    definition: str
    metrics: tuple[str, ...]
    needs: tuple[str, ...]
    """Parameters without which it can't answer: which artist, track or listener it is about."""


class TileData(BaseModel):
    """A tile's answer."""

    id: str
    source: str
    as_of: str
    """Newest event of the source; ISO-8601, UTC."""
    publish_id: str
    """The snapshot that answered."""
    first_day: str
    last_day: str
    sql: str
    rows: list[dict[str, Any]]


def add_api(
    server: FastAPI, settings: Settings, views: Views, catalogue: Catalogue, board: Board, ticker: Ticker
) -> None:
    """Routes for programs, and errors of ours as JSON."""
    router = APIRouter(prefix="/api/v1")
    _add_tiles(router, views)
    _add_live(router, board, ticker)
    _add_sql(router, settings, catalogue)
    server.include_router(router)
    server.add_exception_handler(ZipotifyError, _explained)

    @server.get("/metrics", response_class=PlainTextResponse, summary="Figures for Prometheus")
    def prometheus() -> str:
        return exposition(ticker.tick) + render(ticker.engine)


def _add_tiles(router: APIRouter, views: Views) -> None:
    @router.get("/tiles", summary="All tiles")
    def tiles() -> list[TileInfo]:
        return [TileInfo(id=t.id, title=t.title, unit=t.unit, definition=t.definition, metrics=t.metrics, needs=t.needs)
                for t in TILES.values()]  # fmt: skip

    @router.get("/tiles/{tile_id}", summary="A tile's figures", response_model=TileData)
    def tile(
        request: Request,
        tile_id: str,
        source: str = "",
        period: Annotated[
            str, Query(description="today, 7d, 28d, 90d, all or 2018-11-01..2018-11-15")
        ] = DEFAULT_PERIOD,
        level: str = "",
        gender: str = "",
        state: Annotated[str, Query(description="Two-letter code")] = "",
        device: str = "",
        tag: str = "",
        artist: Annotated[str, Query(description="As played; for tiles of one artist or track")] = "",
        song: Annotated[str, Query(description="Its title; for tiles of one track")] = "",
        user: Annotated[str, Query(description="A user's key; for analysts")] = "",
        form: Annotated[Form, Query(alias="format")] = "json",
    ) -> Any:
        del source, period, level, gender, state, device, tag, artist, song, user  # documented here, checked by `parse`
        if tile_id not in TILES:
            raise HTTPException(404, f"there is no tile {tile_id[:60]}; GET /api/v1/tiles lists them")
        return _answer(views, tile_id, parse(request.url.query), form)

    @router.get("/metrics", summary="What each figure means")
    def definitions() -> list[Metric]:
        return list(metrics().values())


def _answer(views: Views, tile_id: str, filters: Filters, form: Form) -> Any:
    tile = TILES[tile_id]
    if form == "parquet":
        content = views.parquet(tile, filters)
        if content is None:
            raise _nothing_published()
        return _file(content, _PARQUET, f"{tile_id}.parquet")
    frame = views.frame(tile, filters)
    if frame is None:
        raise _nothing_published()
    if form == "csv":
        return _csv(frame.answer, tile_id)
    scope = frame.scope
    return TileData(
        id=tile_id,
        source=scope.source,
        as_of=scope.as_of.isoformat(timespec="milliseconds") + "Z",
        publish_id=scope.publish_id,
        first_day=scope.span.first_day.isoformat(),
        last_day=scope.span.last_day.isoformat(),
        sql=tile.sql(scope),
        rows=frame.records(),
    )


def _add_sql(router: APIRouter, settings: Settings, catalogue: Catalogue) -> None:
    @router.get("/tables", summary="Every table of every stage")
    def tables() -> list[dict[str, Any]]:
        return [asdict(table) for table in catalogue.tables()]

    @router.get("/sample/{key}", summary="Some rows of one table, named as in Explore")
    def sample(key: str, form: Annotated[Form, Query(alias="format")] = "json") -> Any:
        table = next((table for table in catalogue.tables() if table.key == key), None)
        if table is None:
            raise HTTPException(404, f"there is no table {key[:60]}; GET /api/v1/tables lists them")
        return _rows(catalogue.sample(table), table.name, form)

    @router.get("/query", summary="One SELECT on the published marts")
    def query(sql: str, form: Annotated[Form, Query(alias="format")] = "json") -> Any:
        if form == "parquet":
            return _file(run_sql_to_parquet(settings, sql), _PARQUET, "result.parquet")
        return _rows(run_sql(settings, sql, EXPORT_ROW_LIMIT), "result", form)


def _file(content: bytes, kind: str, name: str) -> Response:
    return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _csv(answer: Answer, name: str) -> Response:
    return _file(answer.as_csv().encode(), "text/csv; charset=utf-8", f"{name}.csv")


def _rows(answer: Answer, name: str, form: Form) -> Response:
    """Rows that are there already; Parquet takes the types that their values have."""
    if form == "parquet":
        try:
            content = parquet_bytes(pa.Table.from_pylist(answer.records()))
        except pa.ArrowException:
            raise QueryError("a column holds values of several types", "take CSV or JSON") from None
        return _file(content, _PARQUET, f"{name}.parquet")
    return _csv(answer, name) if form == "csv" else Response(answer.as_json(), media_type="application/json")


def _nothing_published() -> HTTPException:
    return HTTPException(503, "nothing has been published yet; the first `zipotify build` does")


def _add_live(router: APIRouter, board: Board, ticker: Ticker) -> None:
    @router.get("/live", summary="What Now shows")
    def live() -> dict[str, Any]:
        tick = ticker.tick
        return {"tick": tick.number, "problem": tick.problem, "view": asdict(tick.view) if tick.view else None}

    @router.get("/live/{tile_id}", summary="Rows of a tile of Now, Health or Plan")
    def live_tile(tile_id: str, form: Annotated[Form, Query(alias="format")] = "json") -> Any:
        if tile_id not in BEHIND:
            raise HTTPException(404, f"there is no live tile {tile_id[:60]}; there are {', '.join(BEHIND)}")
        return _rows(of_records(board.rows(tile_id, ticker.tick)), tile_id, form)


def _explained(_request: Request, error: Exception) -> JSONResponse:
    """What, and what to do; wrong calls are 400, too few people 403, not computed 404, failed questions 422."""
    is_hidden = isinstance(error, (TooFewPeopleError, ForbiddenError))
    is_missing = isinstance(error, NotComputedError)
    code = 400 if isinstance(error, FilterError) else 403 if is_hidden else 404 if is_missing else 422
    assert isinstance(error, ZipotifyError)  # noqa: S101 - registered for these only
    return JSONResponse({"error": error.what, "to_do": error.to_do}, status_code=code)
