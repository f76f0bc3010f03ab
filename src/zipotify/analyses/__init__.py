"""Published facts -> results in the lake, by PySpark, where SQL ends; the next build publishes them as marts.

`facts`      what is read, taken from the published snapshot     `similar`    tracks and artists heard together
`recommend`  tracks for each user, and how good they are         `churn`      who may leave, and how true that is
`results`    tables of results, written whole or not at all      `run`        all of them, but what is done already
"""
