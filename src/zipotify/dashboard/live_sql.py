"""The questions behind Now, to the serving database; `:names` are what the window and source of the moment fill in."""

from __future__ import annotations

NEWEST_SOURCE = "select source, bucket_start_s from live_counts order by bucket_start_s desc, source limit 1"
LINE = """select bucket_start_s, sum(event_count), sum(play_count)
from live_counts
where source = :source and bucket_start_s >= :start
group by bucket_start_s"""
# Somebody who changed the level counts once, at the level that was seen last.
ACTIVE_USERS = """select case when paid_s >= free_s then 'paid' else 'free' end as level, count(*)
from (
    select
        user_key,
        max(case when level = 'paid' then minute_start_s else 0 end) as paid_s,
        max(case when level <> 'paid' then minute_start_s else 0 end) as free_s
    from live_users
    where source = :source and minute_start_s >= :start and user_key <> ''
    group by user_key
) as users
group by 1"""
SESSIONS = "select count(distinct session_id) from live_users where source = :source and minute_start_s >= :start"
PLAYING = """select count(*)
from live_playing
where
    source = :source and started_at_ms <= :now_ms and ends_at_ms > :now_ms
    and (stopped_at_ms < started_at_ms or stopped_at_ms > :now_ms)"""
STATES = """select substr(state, 1, 2), sum(play_count)
from live_counts
where source = :source and bucket_start_s >= :start and state <> ''
group by 1"""
CONVERSIONS = """select coalesce(sum(upgrade_count), 0), coalesce(sum(downgrade_count), 0)
from live_counts
where source = :source and bucket_start_s >= :start"""
_TOP = """select {columns}, sum(play_count) as plays
from live_tracks
where source = :source and minute_start_s >= :start and minute_start_s < :end_s
group by 1, 2
order by plays desc, 1, 2
limit :limit"""
TRACKS, ARTISTS = (_TOP.format(columns=columns) for columns in ("song, artist", "artist, ''"))
NEWEST = """select event_at_ms, artist, song
from live_plays
where source = :source
order by event_at_ms desc, event_id
limit :limit"""
