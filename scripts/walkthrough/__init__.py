"""Fifteen tasks, five an audience, done in the real dashboard by a script that counts clicks and pages.

`reader`  does what a person does, and counts it     `tasks`   the tasks, each with what shows that it is done

`python scripts/walkthrough ADDRESS` does them all at a running dashboard and writes docs/recorded/walkthrough.json,
from which `make docs` makes the table in docs/walkthrough.md.
"""
