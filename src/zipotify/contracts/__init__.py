"""What the stages agree on: events, identities, tables, wire format. Each thing is defined once, here.

`fields`    the four events and their fields          `tables`    lake tables derived from them
`identity`  event ids, user keys, content hashes      `decode`    the reference validator: bytes -> event or refusal
`reasons`   the closed list of refusal reasons        `dialect`   the older one-stream dialect -> the four events
`wire`      how events travel through Kafka           `serving`   tables of the serving database
`schemas`   Arrow, Spark, JSON Schema, dbt sources    `files`     recorded logs on disk -> raw records by topic
`erasure`   the list of erased people, as keyed hashes
`outbox`    records too large to send, on their way into quarantine
`snapshot`  the published snapshot, for readers        `answers`   one SELECT and its answer
"""
