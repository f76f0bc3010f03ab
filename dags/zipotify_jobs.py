"""Every job of Zipotify's list as a DAG; what they do and when is said there (src/zipotify/ops/jobs.py), not here.

dag: Airflow looks for that word and this one: airflow.
"""

from __future__ import annotations

from zipotify_airflow.graph import dag_of

from zipotify.ops.jobs import JOBS

for job in JOBS.values():
    globals()[job.name] = dag_of(job)
