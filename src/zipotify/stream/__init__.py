"""Kafka -> lake and live rollups, by PySpark Structured Streaming.

`session`  the Spark session               `parse`   records -> typed events, by Spark's own functions
`slow`     what `parse` does not plainly accept, by the reference validator
`derive`   identities, keys, hashes        `bronze`  one micro-batch -> lake, exactly once
`live`     one micro-batch -> rollups      `app`     the queries, their start and stop
"""
