"""Lake -> warehouse: dbt on DuckDB builds the marts; a snapshot that nothing changes any more is what readers open.

`sources`  lake tables that dbt reads     `build`    one build: dbt, publication, what is reported of it
`plugin`   what dbt's connection gets     `publish`  snapshots and the manifest that names the current one
`runner`   dbt inside this process        `query`    read-only SQL on the current snapshot
`plan`     whether there is anything to build, and whether the heavier analyses are due
`duckdb_lake`    how DuckDB comes to read the lake
`snapshot_file`  what a snapshot's file takes over from the one before, and what is written anew
"""
