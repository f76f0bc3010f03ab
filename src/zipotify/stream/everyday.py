"""Records in everyday form: one pattern for the whole record, read once from left to right.

The patterns of `parse` look for what could be wrong, at every character anew, and cost many times the parsing. Nearly
all records are written by ordinary encoders, and this pattern describes those: a flat object of fields that the
topic's contract knows, text in quotes, no escapes of half characters. What it does not match is not refused: the
patterns of `parse` look at it. Its loops give nothing back, so it takes as long as the record, whatever is in it.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from zipotify.contracts.fields import EVENTS, EventContract

_ESCAPE = r'\\(?:["\\/bfnrt]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4})'
_TEXT = rf'"[^"\\]*+(?:{_ESCAPE}[^"\\]*+)*+"'
_NUMBER = r"-?\d++(?:\.\d++)?(?:[eE][-+]?\d++)?"
_VALUE_OF_KIND = {
    "string": f"(?:{_TEXT}|null)",
    "id": rf"(?:{_TEXT}|\d{{1,18}}(?=[,}}])|null)",
}
_OTHER_VALUE = f"(?:{_NUMBER}|true|false|null)"


def is_everyday(topic: Column, text: Column) -> Column:
    """Whether the record is one that needs no closer look at how it is written."""
    found = F.lit(False)
    for name, contract in EVENTS.items():
        found = F.when(topic == name, text.rlike(everyday_pattern(contract))).otherwise(found)
    return found


def everyday_pattern(contract: EventContract) -> str:
    """The pattern of a topic's everyday records."""
    values: dict[str, list[str]] = {}
    for field in contract.fields:
        values.setdefault(_VALUE_OF_KIND.get(field.kind, _OTHER_VALUE), []).append(field.name)
    kinds = "|".join(f'(?:{"|".join(names)})": ?{value}' for value, names in values.items())
    one = f'"(?:{kinds})'
    return rf"\A\{{{one}(?:, ?{one})*+\}}\z"
