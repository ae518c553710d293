"""The table of docs/stores.md says of each server what is found there."""

import subprocess

from .abilities import abilities_in, verdict_of
from .docs_table import DOCS, SERVER, render, row_of, rows_in


def ended(status, output):
    return subprocess.CompletedProcess([], status, stdout=output, stderr="")


def test_abilities_are_read_whatever_their_names():
    log = 'time=x level=info msg="store abilities" conditional_put=yes part_copy=no\nlevel=info msg=other part_copy=yes\n'
    assert abilities_in(log) == {"conditional_put": "yes", "part_copy": "no"}
    assert abilities_in("store abilities: list_uploads=whole-keys") == {"list_uploads": "whole-keys"}
    assert abilities_in("level=info msg=other part_copy=yes") == {}


def test_a_verdict_names_the_step_that_is_refused():
    works = "store: s3 bucket\ncredentials: here\nstore an object: ok\nall that the collector and the History Server need works\n"
    assert verdict_of(ended(0, works)) == "all works"
    refused = "store: s3 bucket\nstore an object: ok\ngrow it in place: status 501\nthe collector would wait\n"
    assert verdict_of(ended(1, refused)) == "cannot grow it in place"
    assert verdict_of(ended(2, "")) == "ends with 2"


def test_a_table_is_read_as_it_was_written():
    rows = [{"server": "a", "`part_copy`": "yes"}, {"server": "b", "`put_if_match`": "no"}]
    assert rows_in(f"before\n<!-- stores-table-begin -->\n{render(rows)}<!-- stores-table-end -->\nafter") == rows


def test_the_table_says_what_is_found(tested, server):
    (row,) = [row for row in rows_in(DOCS.read_text()) if row[SERVER] == tested.title]
    assert row == row_of(tested, server), "run `make stores-table`"
