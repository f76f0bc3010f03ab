-- Grain: one row per source, window (ISO week, month, all), and artist.
{{ config(tags=['daily']) }}
{{ play_windows(['artist', 'artist_key']) }}
