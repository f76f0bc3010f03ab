"""Million Song data in every form that people have it, good and broken."""

import gzip
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import h5py
import numpy as np
import polars as pl
import pytest

from support.dying import read_or_die
from zipotify.catalog.choose import choose_catalog
from zipotify.catalog.clean import artists_of, cleaned
from zipotify.catalog.importer import ImportReport, import_catalog
from zipotify.catalog.isolated import read_isolated
from zipotify.catalog.names import repaired
from zipotify.catalog.raw import as_raw
from zipotify.catalog.recognise import kind_of
from zipotify.catalog.search import find_tracks, summarise
from zipotify.catalog.store import write_catalog
from zipotify.catalog.triplets import read_triplets
from zipotify.errors import MissingInputError

TRACKS = [f"TRAAAAA1234567890{number}" for number in range(6)]
SONGS = [f"SOAAAAA123456789{number}A" for number in range(6)]


def database(path: Path, rows: list[tuple[object, ...]]) -> Path:
    with closing(sqlite3.connect(path)) as db:
        db.execute(
            "create table songs (track_id text, title text, song_id text, release text, artist_id text,"
            " artist_mbid text, artist_name text, duration real, artist_familiarity real,"
            " artist_hotttnesss real, year int)"
        )
        db.executemany("insert into songs values (?,?,?,?,?,?,?,?,?,?,?)", rows)
        db.commit()
    return path


def song(
    number: int, title: str, artist_id: str, artist: str, duration: float = 200.0, year: int = 1999
) -> tuple[object, ...]:
    return (TRACKS[number], title, SONGS[number], "Album", artist_id, "", artist, duration, 0.5, 0.0, year)


def hdf5(path: Path, **values: object) -> Path:
    """A Million Song file with the fields that are read."""
    tables = {
        "metadata/songs": {
            "song_id": SONGS[0],
            "title": "T",
            "artist_id": "AR1",
            "artist_name": "A",
            "release": "",
            "song_hotttnesss": np.nan,
            "artist_hotttnesss": 0.4,
            "artist_location": "Austin, TX",
            "artist_latitude": 30.3,
            "artist_longitude": -97.7,
            "idx_artist_terms": 0,
        },
        "analysis/songs": {"track_id": TRACKS[0], "duration": 100.5, "tempo": 0.0, "loudness": -9.5},
        "musicbrainz/songs": {"year": 0},
    }
    with h5py.File(path, "w") as file:
        for name, fields in tables.items():
            given = {field: values.get(field, value) for field, value in fields.items()}
            kinds = [
                (f, "S64" if isinstance(v, str) else "i4" if isinstance(v, int) else "f8") for f, v in given.items()
            ]
            row = tuple(v.encode() if isinstance(v, str) else v for v in given.values())
            file[name] = np.array([row], dtype=kinds)
        file["metadata/artist_terms"] = np.array([b"folk", b"hip hop"], dtype="S16")
        file["metadata/artist_terms_weight"] = np.array([0.3, 1.0])
    return path


def imported(tmp_path: Path, *paths: Path) -> tuple[ImportReport, pl.DataFrame, pl.DataFrame]:
    report = import_catalog(tmp_path / "lake", list(paths))
    catalog = tmp_path / "lake" / "catalog"
    return report, pl.read_delta(str(catalog / "tracks")), pl.read_delta(str(catalog / "artists"))


def test_hdf5_values_are_read_and_missing_ones_are_null(tmp_path: Path) -> None:
    _, tracks, artists = imported(tmp_path, hdf5(tmp_path / "a.h5"))
    row = tracks.row(0, named=True)
    assert (row["track_id"], row["title"], row["duration_s"], row["genre"]) == (TRACKS[0], "T", 100.5, "hip hop")
    assert row["loudness_db"] == -9.5
    assert [row[name] for name in ("release", "hotness", "tempo_bpm", "year", "play_weight")] == [None] * 5
    place = artists.row(0, named=True)
    assert (place["city"], place["state"], place["lat"], place["location"]) == ("Austin", "TX", 30.3, "Austin, TX")


def test_nan_zero_and_empty_are_null_by_rule() -> None:
    raw = as_raw(
        pl.DataFrame(
            {
                "track_id": ["a", "b"],
                "title": [" ", "x"],
                "duration_s": [float("nan"), 0.0],
                "year": [0, 2001],
                "artist_lat": [0.0, float("nan")],
                "artist_lon": [0.0, 3.0],
                "loudness_db": [0.0, float("nan")],
            }
        )
    )
    frame = cleaned(raw)
    assert frame["title"].to_list() == [None, "x"]
    assert frame["duration_s"].to_list() == [None, None]
    assert frame["year"].to_list() == [None, 2001]
    assert frame["artist_lat"].to_list() == frame["artist_lon"].to_list() == [None, None]
    assert frame["loudness_db"].to_list() == [0.0, None]  # 0 dB is a loudness


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("Beyoncé", "latin-1"),
        ("Beyoncé", "cp1252"),
        ("Sigur Rós", "latin-1"),
        ("Björk & Café Tacvba", "cp1252"),
        ("宇多田ヒカル", "latin-1"),
        ("Ke$ha “Live” €", "latin-1"),
        ("Dvořák", "latin-1"),
    ],
)
def test_double_encoded_names_are_repaired(name: str, encoding: str) -> None:
    spoiled = name.encode().decode(encoding)
    assert repaired(spoiled) == name
    assert repaired(spoiled.encode().decode("latin-1")) == name  # spoiled twice
    assert repaired(name) == name


def test_names_keep_their_original_when_they_are_repaired(tmp_path: Path) -> None:
    spoiled = "Björk".encode().decode("latin-1")
    rows = [song(0, "Jóga", "AR1", spoiled), song(1, "Bachelorette", "AR1", "Björk")]
    report, tracks, artists = imported(tmp_path, database(tmp_path / "t.db", rows))
    assert tracks["artist_name"].to_list() == ["Björk", "Björk"]
    assert tracks["artist_name_original"].to_list() == [spoiled, None]
    assert artists["name"].to_list() == ["Björk"]
    assert report.repaired_count == 1


def test_an_artist_id_is_one_artist_whatever_the_spelling(tmp_path: Path) -> None:
    rows = [
        song(0, "a", "AR1", "The Band"),
        song(1, "b", "AR1", "Band, The"),
        song(2, "c", "AR1", "The Band"),
        song(3, "d", "AR2", "The Band"),
    ]
    _, tracks, artists = imported(tmp_path, database(tmp_path / "t.db", rows))
    assert artists.select("artist_id", "name", "spelling_count").rows() == [
        ("AR1", "The Band", 2),
        ("AR2", "The Band", 1),
    ]
    assert tracks["artist_name"].to_list() == ["The Band"] * 4
    assert tracks["artist_name_original"].to_list() == [None, "Band, The", None, None]


def test_artists_without_an_id_get_the_known_one_of_their_name_or_one_of_their_own() -> None:
    raw = as_raw(
        pl.DataFrame(
            {
                "track_id": ["a", "b", "c", "d"],
                "artist_id": ["AR1", None, None, None],
                "artist_name": ["Ada", "ada", "Bo", "Bo"],
            }
        )
    )
    from zipotify.catalog.clean import with_artist_ids

    ids = with_artist_ids(cleaned(raw))["artist_id"].to_list()
    assert ids[:2] == ["AR1", "AR1"]
    assert ids[2] == ids[3] != "AR1"
    assert len(artists_of(with_artist_ids(cleaned(raw)))) == 2


def test_sources_fill_each_others_gaps_and_never_double_a_track(tmp_path: Path) -> None:
    h5 = hdf5(tmp_path / "a.h5", year=0)
    db = database(tmp_path / "t.db", [song(0, "Other title", "AR1", "A", year=1987), song(1, "U", "AR2", "B")])
    unique = tmp_path / "unique_tracks.txt"
    unique.write_text(f"{TRACKS[1]}<SEP>{SONGS[1]}<SEP>B<SEP>U\n{TRACKS[2]}<SEP>{SONGS[2]}<SEP>C<SEP>V\n")
    report, tracks, _ = imported(tmp_path, h5, db, unique)
    assert tracks["track_id"].to_list() == TRACKS[:3]
    assert tracks.select("title", "year").rows()[0] == ("T", 1987)
    assert [source.kind for source in report.sources] == ["hdf5", "sqlite", "unique tracks"]


@pytest.mark.parametrize("form", ["plain", "gz", "zip"])
def test_triplets_give_real_popularity(form: str, tmp_path: Path) -> None:
    text = "".join(f"user{n % 7}\t{SONGS[n % 3]}\t{1 + n % 2}\n" for n in range(60)).encode()
    text += f"u\t{SONGS[0]}\tmany\nu\t{SONGS[0]}\nu\tnosong\t3\nu\tSOXXXXX1234567890A\t5\n".encode()
    path = tmp_path / f"train_triplets.txt{'' if form == 'plain' else '.' + form}"
    if form == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("train_triplets.txt", text)
    else:
        path.write_bytes(gzip.compress(text) if form == "gz" else text)
    db = database(tmp_path / "t.db", [song(n, f"t{n}", "AR1", "A") for n in range(4)])
    report, tracks, _ = imported(tmp_path, db, path)
    expected = [sum(1 + n % 2 for n in range(60) if n % 3 == number) for number in range(3)]
    assert tracks["play_weight"].to_list() == [*map(float, expected), None]
    source = report.sources[-1]
    assert source.read == 64
    assert source.refused == {"not 3 fields": 1, "no song id or no number of plays": 2}
    assert report.song_without_track_count == 1


def test_triplets_are_read_as_a_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from zipotify.catalog import triplets

    monkeypatch.setattr(triplets, "_BLOCK_BYTES", 1024)
    path = tmp_path / "t.txt"
    path.write_text("".join(f"user{n}\t{SONGS[n % 6]}\t{1 + n % 5}\n" for n in range(5_000)))
    plays, report = read_triplets([path])
    assert report.read == 5_000
    assert plays["listeners"].sum() == 5_000
    assert plays["plays"].sum() == sum(1 + n % 5 for n in range(5_000))


def test_listen_counts_are_read_and_bad_lines_refused_by_reason(tmp_path: Path) -> None:
    path = tmp_path / "counts.txt.gz"
    good = f'{TRACKS[0]}\tAda\tOne "more"\t100.5\t7\n{TRACKS[1]}\tBo\tTwo\t\t9\r\n'.encode()
    bad = f"short\tline\nTRX\tBo\tTwo\t1\t9\n{TRACKS[2]}\tBo\tTwo\t1\tnine\n".encode()
    path.write_bytes(gzip.compress(good + bad + TRACKS[3].encode() + b"\tB\xe9\tx\t1\t2\n"))
    report, tracks, _ = imported(tmp_path, path)
    assert tracks.select("title", "duration_s", "play_weight").rows() == [
        ('One "more"', 100.5, 7.0),
        ("Two", None, 9.0),
    ]
    assert report.sources[0].read == 6
    assert report.sources[0].refused == {
        "not 5 fields": 1, "no track id": 1, "listen count is no number": 1, "not UTF-8": 1,
    }  # fmt: skip
    assert any("line 3" in example for example in report.sources[0].examples)


def test_broken_files_are_named_and_skipped(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    hdf5(folder / "good.h5")
    (folder / "cut.h5").write_bytes((folder / "good.h5").read_bytes()[:700])
    (folder / "empty.h5").touch()
    (folder / "wrong.db").write_bytes(b"SQLite format 3\x00" + b"\x00" * 100)
    (folder / "cut.txt.gz").write_bytes(gzip.compress(b"TR" * 1000)[:20])
    (folder / "readme.md").write_text("hello")
    report, tracks, _ = imported(tmp_path, folder)
    assert len(tracks) == 1
    broken = {Path(name).name for source in report.sources for name in source.broken} | {
        Path(name).name for name in report.unknown
    }
    assert broken == {"cut.h5", "empty.h5", "wrong.db", "cut.txt.gz", "readme.md"}


def test_only_broken_files_are_an_error_and_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "bad.h5").write_bytes(b"\x89HDF\r\n\x1a\nnothing more")
    write_catalog(tmp_path / "lake")
    with pytest.raises(MissingInputError, match=r"nothing could be imported.*bad\.h5"):
        import_catalog(tmp_path / "lake", [tmp_path / "bad.h5"])
    assert choose_catalog(tmp_path / "lake").name == "built-in"
    with pytest.raises(MissingInputError, match="no such file"):
        import_catalog(tmp_path / "lake", [tmp_path / "nowhere"])


def test_the_imported_catalogue_is_used_as_soon_as_it_is_there(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    assert choose_catalog(lake).name == "built-in"
    assert write_catalog(lake)
    assert choose_catalog(lake).name == "built-in"
    rows = [song(0, "One", "AR1", "Ada"), song(1, "", "AR1", "Ada"), song(2, "Three", "AR2", "Bo")]
    imported(tmp_path, database(tmp_path / "t.db", rows))
    chosen = choose_catalog(lake)
    assert (chosen.name, chosen.tracks["title"].to_list()) == ("imported", ["One", "Three"])
    assert chosen.tracks["play_weight"].null_count() == 0
    assert not write_catalog(lake)  # a warehouse build leaves it alone
    assert choose_catalog(lake).name == "imported"
    assert choose_catalog(lake, only_builtin=True).name == "built-in"


def test_search_finds_all_words_in_any_order_and_case(tmp_path: Path) -> None:
    rows = [song(0, "Blue Moon", "AR1", "Ada"), song(1, "Moon", "AR2", "Blue Bo"), song(2, "Sun (live)", "AR2", "Bo")]
    imported(tmp_path, database(tmp_path / "t.db", rows))
    catalog = choose_catalog(tmp_path / "lake")
    assert find_tracks(catalog, "MOON blue")["track_id"].to_list() == TRACKS[:2]
    assert find_tracks(catalog, "(live")["track_id"].to_list() == [TRACKS[2]]
    assert len(find_tracks(catalog, "nothing like it")) == len(find_tracks(catalog, "")) == 0
    assert summarise(catalog).years == (1999, 1999)


def test_genuine_files_are_all_read(tmp_path: Path, shared_data: Path) -> None:
    report, tracks, artists = imported(tmp_path, shared_data / "msd")
    assert report.sources[0].read == 108
    assert len(tracks) == 108
    assert tracks["duration_s"].null_count() == 0
    assert tracks["year"].drop_nulls().is_between(1920, 2012).all()
    assert 0 < tracks["year"].null_count() < 108
    assert not any(
        frame.select(pl.any_horizontal(pl.col(pl.Float64).is_nan().any())).item() for frame in (tracks, artists)
    )
    assert artists["artist_id"].is_unique().all()
    assert artists["lat"].null_count() > 0


def test_kinds_are_known_by_content(tmp_path: Path, shared_data: Path) -> None:
    assert kind_of(shared_data / "eventsim" / "listen_counts.txt.gz") == "listen counts"
    assert kind_of(shared_data / "eventsim" / "example-config.json") is None
    assert kind_of(database(tmp_path / "renamed.bin", [])) == "sqlite"


def test_a_file_that_ends_the_library_ends_not_the_import(tmp_path: Path) -> None:
    """As HDF5's did on some bent files; the others of its process are read again without it."""
    files = [tmp_path / f"{number}.txt" for number in range(5)]
    for file in files:
        file.write_text("kill" if file.name.startswith("3") else "good")
    frame, report = read_isolated(files, read_or_die, "hdf5")
    assert sorted(frame["title"]) == ["0", "1", "2", "4"]
    assert report.broken == {str(files[3]): "the library that reads it ended"}
    assert (report.files, report.read) == (5, 4)
