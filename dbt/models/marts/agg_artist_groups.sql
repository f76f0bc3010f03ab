-- Grain: one row per source, window (ISO week, month, all), artist of its top list, dimension (level, gender, device,
-- state) and value of those who played the artist, each as last seen in the window. k-anonymous like
-- agg_demographics_day.
{{ config(tags=['daily']) }}
{{ top_groups('agg_top_artists', ['artist', 'artist_key']) }}
