"""The drawing of the folders shows each arrow that CMake declares, and none that follows from others."""

import folder_diagram

ARROWS = {
    "base": {"DEPENDS": []},
    "http": {"DEPENDS": ["base"]},
    "store": {"DEPENDS": ["http", "base"]},
    "store/s3": {"DEPENDS": ["store", "http"]},
    "store/gcs": {"DEPENDS": ["store", "base"]},
    "store/open": {"DEPENDS": ["store/s3", "store/gcs", "store"]},
    "testing": {"DEPENDS": ["store"]},
    "shipper": {"DEPENDS": ["store"]},
    "historyserver/app": {"DEPENDS": ["store/open", "store"]},
}


def test_arrows_that_follow_from_others_are_left_out_and_vendors_are_one():
    assert folder_diagram.drawn_arrows(ARROWS) == {
        "base": [],
        "http": ["base"],
        "store": ["http"],
        "store/VENDOR": ["store"],
        "store/open": ["store/VENDOR"],
        "shipper": ["store"],
        "historyserver/app": ["store/open"],
    }


def test_each_folder_is_drawn_in_its_program():
    text = folder_diagram.drawing(ARROWS)
    programs = {name: part for part in text.split("subgraph")[1:] for name in [part.split('"')[1]]}
    assert 'folder_shipper["shipper"]' in programs["collector"]
    assert 'folder_historyserver_app["historyserver/app"]' in programs["historyserver"]
    assert 'folder_store_VENDOR["store/VENDOR"]' in programs["both programs"]
    assert "  folder_store --> folder_http\n" in text


def test_a_page_with_other_arrows_is_refused_and_left_as_it_is(tmp_path, monkeypatch, capsys):
    page = tmp_path / "architecture.md"
    stale = f"before\n{folder_diagram.BEGIN}stale\n{folder_diagram.END}after\n"
    page.write_text(stale)
    monkeypatch.setattr(folder_diagram, "PAGE", page)
    monkeypatch.setattr("sys.argv", ["folder_diagram.py", "--check"])
    assert folder_diagram.main() == 1
    assert "make diagram" in capsys.readouterr().out
    assert page.read_text() == stale

    monkeypatch.setattr("sys.argv", ["folder_diagram.py"])
    assert folder_diagram.main() == 0
    monkeypatch.setattr("sys.argv", ["folder_diagram.py", "--check"])
    assert folder_diagram.main() == 0
    assert page.read_text().startswith("before\n") and page.read_text().endswith("after\n")
