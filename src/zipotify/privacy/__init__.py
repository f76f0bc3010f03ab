"""What people may ask of us: to see their data, to have them erased; and what we owe unasked: retention, new keys.

`people`     who is meant                         `erase`      list, lake, serving, warehouse, report: in that order
`lake`       their rows, and the tables' history  `report`     what was done where, signed
`serving`    their share of the live rollups      `export`     their data as JSON
`warehouse`  built anew, old snapshots gone       `retention`  rows older than their table keeps
`remains`    Kafka and backups: until when        `rotate`     a new key of the user hash
`scan`       values and bytes, everywhere
"""
