-- Grain: one row per source, window (UTC day, ISO week, month, all) and rank: the most played artists.
{{ config(tags=['daily']) }}
{{ top_list('agg_artist_day', 'int_artist_windows', ['artist', 'artist_key']) }}
