"""Results of the PySpark analyses: tables of the lake that `analyses` writes and the warehouse publishes as marts.

Each table is replaced whole by a run. A track is (track_key, artist, song) and an artist (artist_key, artist), as in
the top lists: the unknown member's names tell its tracks apart.
"""

from __future__ import annotations

from zipotify.contracts.tables import Column, Table

_SOURCE = Column("source", "string", "Named source of the events; results of two sources never mix", False)
_RANK = Column("rank_number", "int", "Place in the list, from 1", False)
_TRACK = (
    Column("track_key", "string", "Row of dim_tracks; 'unknown' when the catalogue has no or no single match", False),
    Column("artist", "string", "Artist by name"),
    Column("song", "string", "Title by name"),
)
_ARTIST = (
    Column("artist_key", "string", "Row of dim_artists; 'unknown' when the catalogue has no or no single match", False),
    Column("artist", "string", "Artist by name"),
)
_LIKENESS = (
    Column("listener_count", "long", "Users with a listen of the first", False),
    Column("other_listener_count", "long", "Users with a listen of the other", False),
    Column("both_count", "long", "Users with a listen of both", False),
    Column("similarity", "double", "Cosine: both_count / sqrt(listener_count * other_listener_count), 0 to 1", False),
    Column("lift", "double", "How many times more users than if both were chosen independently; 1 is chance", False),
)


def _others(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    return tuple(Column(f"other_{c.name}", c.type, f"The other's: {c.doc}", c.nullable) for c in columns)


SIMILAR_TRACKS = Table(
    "analyses_similar_tracks",
    "analyses/similar_tracks",
    "one row per source, track and rank: the tracks that its listeners also listen to",
    (_SOURCE, *_TRACK, _RANK, *_others(_TRACK), *_LIKENESS),
)
SIMILAR_ARTISTS = Table(
    "analyses_similar_artists",
    "analyses/similar_artists",
    "one row per source, artist and rank: the artists that its listeners also listen to",
    (_SOURCE, *_ARTIST, _RANK, *_others(_ARTIST), *_LIKENESS),
)
RECOMMENDATIONS = Table(
    "analyses_recommendations",
    "analyses/recommendations",
    "one row per source, user and rank: tracks that the user has not listened to yet and may like",
    (
        _SOURCE,
        Column("user_key", "string", "Keyed hash of (source, user id)", False),
        _RANK,
        *_TRACK,
        Column("score", "double", "Strength of the recommendation; compares within one user's list only", False),
    ),
)
RECOMMENDATION_QUALITY = Table(
    "analyses_recommendation_quality",
    "analyses/recommendation_quality",
    "one row per source, method and length of the list: how many of the tracks that came later were in it",
    (
        _SOURCE,
        Column("method", "string", "als, or popularity: the most listened tracks for everybody, as a baseline", False),
        Column("list_length", "int", "k: tracks recommended to each user", False),
        Column("cut_off_date", "date", "First UTC day that was held out", False),
        Column("user_count", "long", "Users with listens before it and with a new track on or after it", False),
        Column("recall", "double", "Mean over users: share of their new tracks that were in the list", False),
    ),
)
CHURN_RISK = Table(
    "analyses_churn_risk",
    "analyses/churn_risk",
    "one row per source and user active in the 28 days up to as_of_date whose account is open",
    (
        _SOURCE,
        Column("user_key", "string", "Keyed hash of (source, user id)", False),
        Column("as_of_date", "date", "Last UTC day that was looked at: the last whole one", False),
        Column("horizon_days", "int", "Days that the risk is about", False),
        Column("level", "string", "Level on the last active day"),
        Column("risk", "double", "Probability of leaving in horizon_days: no event in them, or a cancellation", False),
    ),
)
CHURN_CALIBRATION = Table(
    "analyses_churn_calibration",
    "analyses/churn_calibration",
    "one row per source and tenth of the scale of risk with a user in it: what was predicted, and what came",
    (
        _SOURCE,
        Column("bin_number", "int", "Tenth of the scale, 1 to 10", False),
        Column("risk_from", "double", "Smallest risk of the bin", False),
        Column("risk_to", "double", "Where the next bin begins", False),
        Column("user_count", "long", "Users whose predicted risk lies in it", False),
        Column("churned_count", "long", "Of these, users who left", False),
        Column("predicted_rate", "double", "Mean predicted risk", False),
        Column("observed_rate", "double", "Share who left", False),
    ),
)
CHURN_MODEL = Table(
    "analyses_churn_model",
    "analyses/churn_model",
    "one row per source: the test of the churn model on days that it had not seen",
    (
        _SOURCE,
        Column("cut_off_date", "date", "Last UTC day known to the prediction that was tested", False),
        Column("horizon_days", "int", "Days that the risk is about", False),
        Column("trained_user_count", "long", "Users it learned from, one horizon earlier", False),
        Column("tested_user_count", "long", "Users it was tested on", False),
        Column("churned_count", "long", "Of these, users who left", False),
        Column("brier_score", "double", "Mean squared distance of risk and outcome; 0 is best", False),
        Column("baseline_brier_score", "double", "The same for always saying the rate of the training", False),
        Column("auc", "double", "Chance that one who left had a higher risk than one who stayed; 0.5 is guessing"),
    ),
)
ANALYSES: tuple[Table, ...] = (
    SIMILAR_TRACKS,
    SIMILAR_ARTISTS,
    RECOMMENDATIONS,
    RECOMMENDATION_QUALITY,
    CHURN_RISK,
    CHURN_CALIBRATION,
    CHURN_MODEL,
)
"""Every table of results."""
PERSONAL_RESULTS: tuple[Table, ...] = (RECOMMENDATIONS, CHURN_RISK)
"""Those with a row a person: an erasure cleans them, and a new key of the user hash empties them."""
