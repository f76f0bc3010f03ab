"""Kafka -> lake and live rollups, by PySpark Structured Streaming.

`session`  the Spark session               `parse`    records -> typed events, by Spark's own functions
`slow`     what `parse` does not plainly accept, by the reference validator
`derive`   identities, keys, hashes        `erased`   people who must go no further
`facts`    counts and times of a batch     `outcome`  new, repeat or conflict
`bronze`   one micro-batch -> lake, exactly once
`live`     one micro-batch -> rollups      `rollups`  their arithmetic, without Spark
`app`      the queries, their start and stop
`pause`    the moments between batches in which others may touch the lake
"""
