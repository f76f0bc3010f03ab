"""The same figures for programs: `/api/v1`, described at `/openapi.json`. Read-only; nothing here has a side effect."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel

from zipotify.contracts.metrics import Metric, metrics
from zipotify.contracts.serving_metrics import render
from zipotify.dashboard.catalogue import Catalogue
from zipotify.dashboard.filters import DEFAULT_PERIOD, FilterError, Filters, parse
from zipotify.dashboard.pages import TILES
from zipotify.dashboard.prometheus import exposition
from zipotify.dashboard.sandbox import EXPORT_ROW_LIMIT, run_sql, run_sql_to_parquet
from zipotify.dashboard.ticker import Ticker
from zipotify.dashboard.views import NotComputedError, TooFewPeopleError, Views
from zipotify.errors import ForbiddenError, ZipotifyError
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


def add_api(server: FastAPI, settings: Settings, views: Views, catalogue: Catalogue, ticker: Ticker) -> None:
    """Routes for programs, and errors of ours as JSON."""
    router = APIRouter(prefix="/api/v1")
    _add_tiles(router, views)
    _add_live(router, ticker)
    _add_sql(router, settings, catalogue)
    server.include_router(router)
    server.add_exception_handler(ZipotifyError, _explained)

    @server.get("/metrics", response_class=PlainTextResponse, summary="Figures for Prometheus")
    def prometheus() -> str:
        return exposition(ticker.tick) + render(ticker.engine)


def _add_tiles(router: APIRouter, views: Views) -> None:
    @router.get("/tiles", summary="All tiles")
    def tiles() -> list[TileInfo]:
        return [TileInfo(id=t.id, title=t.title, unit=t.unit, definition=t.definition, metrics=t.metrics)
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
        return _file(frame.answer.as_csv().encode(), "text/csv; charset=utf-8", f"{tile_id}.csv")
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

    @router.get("/query", summary="One SELECT on the published marts")
    def query(sql: str, form: Annotated[Form, Query(alias="format")] = "json") -> Any:
        if form == "parquet":
            return _file(run_sql_to_parquet(settings, sql), _PARQUET, "result.parquet")
        answer = run_sql(settings, sql, EXPORT_ROW_LIMIT)
        if form == "csv":
            return _file(answer.as_csv().encode(), "text/csv; charset=utf-8", "result.csv")
        return Response(answer.as_json(), media_type="application/json")


def _file(content: bytes, kind: str, name: str) -> Response:
    return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _nothing_published() -> HTTPException:
    return HTTPException(503, "nothing has been published yet; the first `zipotify build` does")


def _add_live(router: APIRouter, ticker: Ticker) -> None:
    @router.get("/live", summary="What Now shows")
    def live() -> dict[str, Any]:
        tick = ticker.tick
        return {"tick": tick.number, "problem": tick.problem, "view": asdict(tick.view) if tick.view else None}


def _explained(_request: Request, error: Exception) -> JSONResponse:
    """What, and what to do; wrong calls are 400, too few people 403, not computed 404, failed questions 422."""
    is_hidden = isinstance(error, (TooFewPeopleError, ForbiddenError))
    is_missing = isinstance(error, NotComputedError)
    code = 400 if isinstance(error, FilterError) else 403 if is_hidden else 404 if is_missing else 422
    assert isinstance(error, ZipotifyError)  # noqa: S101 - registered for these only
    return JSONResponse({"error": error.what, "to_do": error.to_do}, status_code=code)
