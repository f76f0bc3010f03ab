"""The one kind of work that tasks do: a step of a job, in Zipotify's own environment, as a process of its own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from airflow.providers.standard.hooks.subprocess import SubprocessHook
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from zipotify.ops.jobs import SKIPPED

WRONG_USE = 2
NOT_HANDED_ON = ("AIRFLOW__", "PYTHONPATH", "VIRTUAL_ENV")


class VerbOperator(BaseOperator):
    """Runs `zipotify job run JOB --step STEP`, without a shell, so that no parameter can become a command."""

    template_fields: Sequence[str] = ("values",)

    def __init__(self, *, job: str, step: str, values: dict[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.job = job
        self.step = step
        self.values = values
        self._hook = SubprocessHook()

    def execute(self, context: Any) -> str:
        """The last line of its output; a wrong call is not tried again, and nothing to do counts as skipped."""
        done = self._hook.run_command(self.command(), env=environment(f"{self.job}-{context['run_id']}"))
        if done.exit_code == SKIPPED:
            raise AirflowSkipException(done.output)
        if done.exit_code == WRONG_USE:
            raise AirflowFailException(done.output)
        if done.exit_code:
            raise AirflowException(f"{self.job}.{self.step} ended with code {done.exit_code}: {done.output}")
        return str(done.output)

    def command(self) -> list[str]:
        """The call; `ops.child` ends it when the worker dies, so that a retry meets no leftover."""
        call = [os.environ["ZIPOTIFY_PYTHON"], "-m", "zipotify.ops.child", "job", "run", self.job, "--step", self.step]
        return call + [word for name, value in self.values.items() for word in ("--set", f"{name}={value}")]

    def on_kill(self) -> None:
        """End the verb when the task is cleared, times out or is stopped."""
        self._hook.send_sigterm()


def environment(run_id: str) -> dict[str, str]:
    """What a verb needs of Airflow's environment: not Airflow's own settings (they hold secrets) and packages."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_HANDED_ON)}
    return {**kept, "ZIPOTIFY_RUN_ID": run_id[:64]}
