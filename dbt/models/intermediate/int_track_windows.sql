-- Grain: one row per source, window (ISO week, month, all), and track.
{{ config(tags=['daily']) }}
{{ play_windows(['track_artist as artist', 'song', 'track_key']) }}
