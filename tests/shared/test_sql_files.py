"""SQL files consist of named blocks with psql's placeholders."""

from pathlib import Path

import pytest

from shared.sql_files import SqlFileError, load_queries, parse_query


def test_each_block_becomes_a_query_of_its_name(tmp_path: Path) -> None:
    file = tmp_path / "users.sql"
    file.write_text("-- name: find\nSELECT 1;\n\n-- name: count\nSELECT 2\n;\n")
    queries = load_queries(file)
    assert {name: query.text for name, query in queries.items()} == {
        "find": "SELECT 1",
        "count": "SELECT 2",
    }


def test_what_queries_have_in_common_is_set_once_as_in_psql(tmp_path: Path) -> None:
    file = tmp_path / "users.sql"
    file.write_text(
        "\\set columns 'id, name'\n\n-- name: find\nSELECT :columns FROM t WHERE id = :id"
    )
    query = load_queries(file)["find"]
    assert query.text == "SELECT id, name FROM t WHERE id = $1"
    assert query.parameters == ("id",)


def test_placeholders_are_numbered_by_their_first_appearance() -> None:
    query = parse_query("q", "SELECT :b, :a, :b FROM :schema.t")
    assert query.text == "SELECT $1, $2, $1 FROM :schema.t"
    assert query.parameters == ("b", "a")


def test_a_cast_a_literal_and_a_comment_hold_no_placeholder() -> None:
    query = parse_query("q", "SELECT :a::int, '12:30 :b', \"x:c\" -- :d\n/* :e */ FROM t;")
    assert query.parameters == ("a",)
    assert "'12:30 :b'" in query.text
    assert "$1::int" in query.text


def test_a_shard_has_its_schema_in_place_and_the_same_text_each_time() -> None:
    query = parse_query("q", "SELECT :schema.next_id() FROM :schema.t")
    text = query.for_schema("shard_0007")
    assert text == "SELECT shard_0007.next_id() FROM shard_0007.t"
    assert query.for_schema("shard_0007") is text


def test_values_must_match_the_placeholders() -> None:
    query = parse_query("find_user", "SELECT :id, :name")
    assert query.arguments({"name": "alice", "id": 1}) == [1, "alice"]
    with pytest.raises(TypeError, match=r"find_user: missing \['name'\], unknown \['nick'\]"):
        query.arguments({"id": 1, "nick": "alice"})
    with pytest.raises(TypeError):
        query.arguments({"id": 1})


@pytest.mark.parametrize(
    "text",
    ["SELECT 1", "-- name: a\nSELECT 1\n-- name: a\nSELECT 2", "-- name: a\n-- only words\n"],
)
def test_a_file_without_distinct_named_blocks_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "wrong.sql"
    file.write_text(text)
    with pytest.raises(SqlFileError):
        load_queries(file)
