"""How a job becomes a DAG. Airflow has an environment of its own: of Zipotify only the list of jobs is imported."""
