-- Grain: one row per source, window (UTC day, ISO week, month, all) and rank: the most played tracks.
{{ config(tags=['daily']) }}
{{ top_list('agg_track_day', 'int_track_windows', ['artist', 'song', 'track_key']) }}
