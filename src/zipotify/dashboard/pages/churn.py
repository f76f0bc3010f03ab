"""Who stays and who is about to leave: tiles of Engagement."""

from __future__ import annotations

from zipotify.dashboard import wording
from zipotify.dashboard.components.charts import Line, graph, stacked
from zipotify.dashboard.scope import Scope, literal
from zipotify.dashboard.theme import ACCENT, LEVELS, QUIET, figure
from zipotify.dashboard.tile import Component, Frame, Tile

_BANDS = 10


def _survival_sql(scope: Scope) -> str:
    return f"""select level, day_number, at_risk_count, cancelled_count, survival
from agg_survival
where source = {literal(scope.source)} and at_risk_count >= {scope.k_anonymity}
order by level, day_number"""


def _draw_survival(frame: Frame) -> Component:
    chart = figure(260, showlegend=True, hovermode="closest")
    for level in dict.fromkeys(frame.column("level")):
        rows = [row for row in frame.records() if row["level"] == level]
        chart.add_scatter(
            x=[0, *(row["day_number"] for row in rows)],
            y=[1.0, *(row["survival"] for row in rows)],
            name=level.capitalize(),
            mode="lines",
            line={"color": LEVELS.get(level, QUIET), "width": 2, "shape": "hv", "dash": _dash(level)},
            hovertemplate="after %{x} days: %{y:.1%}",
        )
    chart.update_xaxes(title={"text": "days since the first event", "font": {"size": 11}})
    chart.update_yaxes(tickformat=".0%", range=[max(0.0, min(frame.column("survival")) - 0.05), 1.005])
    return graph(chart, _tell_survival(frame))


def _dash(level: str) -> str:
    return "solid" if level == "paid" else "dot"


def _tell_survival(frame: Frame) -> str:
    last = {row["level"]: row for row in frame.records()}
    told = [
        f"{wording.share(row['survival'])} of {level} after {row['day_number']} days" for level, row in last.items()
    ]
    return f"Still there: {', '.join(told)}."


SURVIVAL = Tile(
    "survival",
    "Survival by level",
    "estimated share of users who have not closed their account, by days since their first event; of all time",
    "Kaplan-Meier, by the level at the first event. Who has not closed the account counts as staying until the source's"
    " last event. A line ends where fewer than ten users (a setting) are left to observe.",
    _survival_sql,
    _draw_survival,
    _tell_survival,
    width="third",
    metrics=("cancellations",),
    people=False,
    why_empty="Too few users to estimate from.",
)


def _risk_sql(scope: Scope) -> str:
    """Neighbouring bands are put together until each has nobody or enough people of each level; else there is none.

    A band ends where that holds of it and of all above it, so that what is left over is never too small.
    """
    counts = ("free", "paid", "free_above", "paid_above")
    enough = " and ".join(f"({count} = 0 or {count} >= {scope.k_anonymity})" for count in counts)
    return f"""with recursive people as (
    select least(floor(risk * {_BANDS}), {_BANDS - 1})::integer as band, level, as_of_date, horizon_days
    from agg_churn_risk
    where source = {literal(scope.source)}
),
bands as (
    select
        n::integer as band,
        count(*) filter (where level = 'free') as free,
        count(*) filter (where level = 'paid') as paid,
        ifnull(sum(free) over above, 0) as free_above,
        ifnull(sum(paid) over above, 0) as paid_above
    from range({_BANDS}) as numbers(n)
    left join people on people.band = n
    group by n
    window above as (order by n rows between 1 following and unbounded following)
),
walk as (
    select band, band as first_band, free, paid, {enough} as is_whole
    from bands
    where band = 0
    union all
    select band, first_band, free, paid, {enough}
    from (
        select
            b.band,
            if(w.is_whole, b.band, w.first_band) as first_band,
            b.free + if(w.is_whole, 0, w.free) as free,
            b.paid + if(w.is_whole, 0, w.paid) as paid,
            b.free_above,
            b.paid_above
        from walk as w
        join bands as b on b.band = w.band + 1
    )
)
select
    first_band as band,
    free as free_user_count,
    paid as paid_user_count,
    band + 1 as band_end,
    (select max(as_of_date) from people) as as_of_date,
    (select max(horizon_days) from people) as horizon_days
from walk
where is_whole and exists (select 1 from people)
    and exists (select 1 from walk where band = {_BANDS - 1} and is_whole)
order by first_band"""


def _draw_risk(frame: Frame) -> Component:
    rows = frame.records()
    names = [f"{10 * row['band']}-{10 * row['band_end']}" for row in rows]
    series = [
        Line(level.capitalize(), [row[f"{level}_user_count"] for row in rows], tone) for level, tone in LEVELS.items()
    ]
    chart = stacked(names, series)
    # Else "10-20" would be read as a day of October.
    chart.update_xaxes(type="category", title={"text": "probability of staying away, %", "font": {"size": 11}})
    return graph(chart, _tell_risk(frame))


def _tell_risk(frame: Frame) -> str:
    rows = frame.records()
    counts = [row["free_user_count"] + row["paid_user_count"] for row in rows]
    likely = sum(count for count, row in zip(counts, rows, strict=True) if row["band"] >= _BANDS // 2)
    return (
        f"As of {rows[0]['as_of_date']}, {wording.exact(likely)} of {wording.exact(sum(counts))} users are more likely"
        f" than not to stay away for the next {rows[0]['horizon_days']} days."
    )


RISK = Tile(
    "churn-risk",
    "Churn risk",
    "users by the predicted probability of no event in the time to come, and by level; small bands are put together",
    "A model that learns from what users did up to a day whether they came back after it. It speaks of users as of the"
    " analysis' day. Worked out by `zipotify analyses`; how right it is stands beside it.",
    _risk_sql,
    _draw_risk,
    _tell_risk,
    width="third",
    people=False,
    tables=("agg_churn_risk",),
    why_empty="Not enough history of this source to predict from, or too few people to show.",
)


def _calibration_sql(scope: Scope) -> str:
    return f"""select
    c.bin_number,
    c.risk_from,
    c.risk_to,
    c.user_count,
    c.churned_count,
    c.predicted_rate,
    c.observed_rate,
    m.brier_score,
    m.baseline_brier_score,
    m.auc
from agg_churn_calibration as c
join agg_churn_model as m on c.source = m.source
where c.source = {literal(scope.source)} and c.user_count >= {scope.k_anonymity}
order by c.bin_number"""


def _draw_calibration(frame: Frame) -> Component:
    chart = figure(260, hovermode="closest")
    chart.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line={"color": QUIET, "dash": "dot"}, hoverinfo="skip")
    chart.add_scatter(
        x=frame.column("predicted_rate"),
        y=frame.column("observed_rate"),
        customdata=frame.column("user_count"),
        mode="lines+markers",
        line={"color": ACCENT, "width": 2},
        marker={"size": 9},
        hovertemplate="predicted %{x:.0%}, stayed away %{y:.0%} of %{customdata:,} users<extra></extra>",
    )
    chart.update_xaxes(tickformat=".0%", range=[0, 1.02], title={"text": "predicted", "font": {"size": 11}})
    chart.update_yaxes(tickformat=".0%", range=[0, 1.05], title={"text": "stayed away", "font": {"size": 11}})
    return graph(chart, _tell_calibration(frame))


def _tell_calibration(frame: Frame) -> str:
    row = frame.records()[0]
    gap = max(abs(each["predicted_rate"] - each["observed_rate"]) for each in frame.records())
    return (
        f"Brier score {row['brier_score']:.3f} (always saying the average: {row['baseline_brier_score']:.3f});"
        f" prediction and truth are at most {wording.share(gap)} apart in a group."
    )


CALIBRATION = Tile(
    "churn-calibration",
    "Is the churn risk right?",
    "users who were held out, by predicted risk: the share that really stayed away; on the dotted line it is right",
    "The model is tried on users and a time that it has not seen. Each point is a group of users of similar risk, ten"
    " or more (a setting). The Brier score is the mean squared distance of prediction and truth: less is better.",
    _calibration_sql,
    _draw_calibration,
    _tell_calibration,
    width="third",
    people=False,
    tables=("agg_churn_calibration", "agg_churn_model"),
    why_empty="Not enough history of this source to try the predictions on.",
)
