"""The check of the include arrows finds what it is there to find."""

import check_includes
import pytest

FOLDERS = {
    "base": "rayhistory_folder(base LINK OpenSSL::Crypto)",
    "http": "rayhistory_folder(http DEPENDS base LINK CURL::libcurl TEST_DEPENDS testing)",
    "store": "rayhistory_folder(store DEPENDS http)",
    "testing": "rayhistory_folder(testing DEPENDS store)",
    "collector": "rayhistory_folder(collector_app DEPENDS store)",
}


@pytest.fixture
def source(tmp_path):
    for folder, cmake in FOLDERS.items():
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "CMakeLists.txt").write_text(cmake)
        (tmp_path / folder / "thing.h").write_text("#pragma once\n")
    return tmp_path


def found(source, file, text):
    (source / file).write_text(text)
    return [(str(path), line, what) for path, line, what in check_includes.violations(source)]


@pytest.mark.parametrize(
    ("file", "include"),
    [
        ("store/a.cpp", '#include "store/thing.h"'),
        ("store/a.cpp", '#include "http/thing.h"'),
        ("store/a.cpp", '#include "base/thing.h"'),  # through http
        ("collector/a.cpp", '#include "base/thing.h"'),  # a library that is not named after its folder
        ("http/a_test.cpp", '#include "testing/thing.h"'),
        ("http/a_test.cpp", "#include <gtest/gtest.h>"),
        ("http/curl_client.cpp", "#include <curl/curl.h>"),
        ("base/digest.cpp", "#include <openssl/evp.h>"),
        ("base/a.cpp", "#include <vector>"),
    ],
)
def test_an_include_along_an_arrow_is_fine(source, file, include):
    assert found(source, file, include + "\n") == []


@pytest.mark.parametrize(
    ("file", "include", "said"),
    [
        ("base/a.h", '#include "http/thing.h"', "base/ may not include http/"),
        ("http/a.cpp", '#  include "store/thing.h"', "http/ may not include store/"),
        ("http/a.cpp", '#include "testing/thing.h"', "http/ may not include testing/"),
        ("http/a.cpp", '#include "thing.h"', "no path below src/"),
        ("http/a.cpp", '#include "http/no_such_file.h"', "no path below src/"),
        ("http/a.cpp", "#include <curl/curl.h>", "may be included only in http/curl_*"),
        ("store/a.cpp", "#include <boost/beast.hpp>", "may be included only in net/*"),
        ("store/a.cpp", "#include <simdjson.h>", "may be included only in credentials/*, journal/*, ray/*, settings/settings_file*"),
        ("store/s3.cpp", "#include <pugixml.hpp>", "may be included only in base/xml*"),
        ("store/a.cpp", "#include <openssl/evp.h>", "may be included only in base/digest"),
        ("store/a.cpp", "#include <gtest/gtest.h>", "may be included only in *_test.cpp"),
    ],
)
def test_an_include_against_the_arrows_is_found(source, file, include, said):
    ((path, line, what),) = found(source, file, f"// first line\n{include}\n")
    assert (path, line) == (file, 2)
    assert said in what


def test_a_folder_that_states_no_arrows_is_found(source):
    (source / "stray").mkdir()
    ((path, _, what),) = found(source, "stray/a.cpp", "")
    assert path == "stray/a.cpp" and "rayhistory_folder" in what


def test_this_projects_own_sources_are_clean():
    from pathlib import Path

    assert list(check_includes.violations(Path(check_includes.__file__).parent.parent / "src")) == []
