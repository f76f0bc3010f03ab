-- Grain: one row per source, window (ISO week, month, all), track of its top list, dimension (level, gender, device,
-- state) and value of those who played the track, each as last seen in the window. k-anonymous like
-- agg_demographics_day.
{{ config(tags=['daily']) }}
{{ top_groups('agg_top_tracks', ['track_artist as artist', 'song', 'track_key']) }}
